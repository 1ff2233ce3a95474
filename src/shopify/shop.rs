//! The shop itself: its details, what the app may do in it, and its locations.

use serde::{Deserialize, Serialize};
use webhooks::ShopDomain;

use super::{
    answer::Answer,
    client::{Access, AdminApi},
    error::ApiError,
    gid,
    operations::{GrantedScopes, Locations, ShopDetails, granted_scopes, locations, shop_details},
    reading::{Reading, convert, next_page},
    scalars::Unusable,
    scopes::Scopes,
};
use crate::{
    domain::money::Currency,
    ids::{ShopId, ShopifyLocationId},
};

/// What is kept of a shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shop {
    pub id: ShopId,
    pub name: String,
    /// The permanent `.myshopify.com` domain, whatever the shop shows.
    pub domain: ShopDomain,
    pub public_host: String,
    pub contact_email: String,
    pub currency: Currency,
    pub time_zone: String,
    pub taxes_included: bool,
    pub country_code: Option<String>,
    pub plan: String,
    pub is_development: bool,
    pub is_plus: bool,
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "these are Shopify's own flags, each with its own meaning"
)]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    pub id: ShopifyLocationId,
    pub name: String,
    pub is_active: bool,
    pub is_fulfillment_service: bool,
    pub fulfills_online_orders: bool,
    pub ships_inventory: bool,
    pub country_code: Option<String>,
    pub zip: Option<String>,
    pub city: Option<String>,
    /// The handle of the fulfillment service that the location belongs to.
    pub service_handle: Option<String>,
}

impl AdminApi {
    pub async fn shop(&self, access: &Access<'_>) -> Result<Answer<Shop>, ApiError> {
        self.call::<ShopDetails>(access, shop_details::Variables)
            .await?
            .try_map(|data| Shop::try_from(data.shop))
    }

    /// What the token's owner has granted, which may be less than was asked for.
    pub async fn granted_scopes(&self, access: &Access<'_>) -> Result<Answer<Scopes>, ApiError> {
        self.call::<GrantedScopes>(access, granted_scopes::Variables)
            .await?
            .try_map(|data| {
                let granted = &data.current_app_installation.access_scopes;
                Ok::<_, ApiError>(granted.iter().map(|scope| scope.handle.as_str()).collect())
            })
    }

    /// Every location, closed ones and those of fulfillment services included.
    pub async fn locations(&self, access: &Access<'_>) -> Result<Answer<Vec<Location>>, ApiError> {
        let mut reading = Reading::new(self, access);
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let variables = locations::Variables { after };
            let mut page = reading.call::<Locations>(variables).await?.locations;
            after = next_page!(page)?;
            found.extend(convert::<_, Location>(page.nodes)?);
            if after.is_none() {
                return Ok(reading.finish(found));
            }
        }
    }
}

impl TryFrom<shop_details::ShopDetailsShop> for Shop {
    type Error = Unusable;
    fn try_from(wire: shop_details::ShopDetailsShop) -> Result<Self, Unusable> {
        let domain = ShopDomain::parse(&wire.myshopify_domain).map_err(|error| Unusable(error.to_string()))?;
        Ok(Self {
            id: gid::parse(&wire.id)?,
            name: wire.name,
            domain,
            public_host: wire.primary_domain.host,
            contact_email: wire.contact_email,
            currency: Currency::parse(&wire.currency_code)?,
            time_zone: wire.iana_timezone,
            taxes_included: wire.taxes_included,
            country_code: wire.shop_address.country_code_v2,
            plan: wire.plan.public_display_name,
            is_development: wire.plan.partner_development,
            is_plus: wire.plan.shopify_plus,
        })
    }
}

impl TryFrom<locations::LocationsLocationsNodes> for Location {
    type Error = Unusable;
    fn try_from(wire: locations::LocationsLocationsNodes) -> Result<Self, Unusable> {
        Ok(Self {
            id: gid::parse(&wire.id)?,
            name: wire.name,
            is_active: wire.is_active,
            is_fulfillment_service: wire.is_fulfillment_service,
            fulfills_online_orders: wire.fulfills_online_orders,
            ships_inventory: wire.ships_inventory,
            country_code: wire.address.country_code,
            zip: wire.address.zip,
            city: wire.address.city,
            service_handle: wire.fulfillment_service.map(|service| service.handle),
        })
    }
}
