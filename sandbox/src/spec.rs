//! What a test or the control API asks the sandbox to make: shops, products, orders. Every field
//! has a default, so that a caller names only what matters to it. The results live in `state`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::state::{DeliveryMethod, FinancialStatus};

/// A shop to open.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ShopSpec {
    pub name: String,
    pub email: String,
    /// ISO 4217.
    pub currency: String,
    /// ISO 3166, of the shop and its locations.
    pub country: String,
    pub timezone: String,
    pub plan: Plan,
    /// Points that the rate budget gets back each second, where not those of the plan.
    pub points_per_second: Option<u32>,
    /// Points that a full rate budget holds, where not those of twenty seconds.
    pub bucket_points: Option<u32>,
    /// Names of the shop's own locations; the first takes orders by default.
    pub locations: Vec<String>,
}

impl Default for ShopSpec {
    fn default() -> Self {
        Self {
            name: "Demo Shop".to_owned(),
            email: "owner@example.com".to_owned(),
            currency: "EUR".to_owned(),
            country: "DE".to_owned(),
            timezone: "Europe/Berlin".to_owned(),
            plan: Plan::Standard,
            points_per_second: None,
            bucket_points: None,
            locations: vec!["Main warehouse".to_owned()],
        }
    }
}

impl ShopSpec {
    /// Points that come back each second.
    pub fn restore_rate(&self) -> u32 {
        self.points_per_second.unwrap_or(self.plan.restore_rate())
    }

    /// Points that a full bucket holds.
    pub fn bucket_size(&self) -> u32 {
        self.bucket_points
            .unwrap_or_else(|| self.restore_rate().saturating_mul(20))
    }
}

/// A shop's plan, which sets how fast its rate budget refills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    #[default]
    Standard,
    Advanced,
    Plus,
    Enterprise,
}

impl Plan {
    /// Points that come back each second.
    pub fn restore_rate(self) -> u32 {
        match self {
            Self::Standard => 100,
            Self::Advanced => 200,
            Self::Plus => 1000,
            Self::Enterprise => 2000,
        }
    }
}

/// A product with its variants.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProductSpec {
    pub title: String,
    pub vendor: String,
    pub tags: Vec<String>,
    pub variants: Vec<VariantSpec>,
}

/// One variant of a product.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VariantSpec {
    pub title: String,
    pub sku: String,
    pub barcode: Option<String>,
    /// A decimal in the shop's currency.
    pub price: String,
    pub weight_g: u32,
    pub requires_shipping: bool,
    pub tracked: bool,
    /// Where it is stocked and how much; empty means 100 at the shop's first location.
    pub stock: Vec<StockSpec>,
}

impl Default for VariantSpec {
    fn default() -> Self {
        Self {
            title: "Default Title".to_owned(),
            sku: String::new(),
            barcode: None,
            price: "10.00".to_owned(),
            weight_g: 250,
            requires_shipping: true,
            tracked: true,
            stock: Vec::new(),
        }
    }
}

impl VariantSpec {
    /// A shippable variant of this SKU and price.
    pub fn new(sku: impl Into<String>, price: impl Into<String>) -> Self {
        Self {
            sku: sku.into(),
            price: price.into(),
            ..Self::default()
        }
    }
}

/// A quantity at a location.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StockSpec {
    pub location_id: i64,
    pub quantity: i64,
}

/// An order that a customer places.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrderSpec {
    pub lines: Vec<OrderLineSpec>,
    pub financial_status: FinancialStatus,
    pub customer: Option<CustomerSpec>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub shipping_address: Option<AddressSpec>,
    pub delivery_method: DeliveryMethod,
    /// Where routing puts lines that name no location of their own.
    pub location_id: Option<i64>,
    /// A decimal in the shop's currency.
    pub shipping_price: String,
    pub note: Option<String>,
    pub tags: Vec<String>,
    /// What Shopify advises, such as `INVESTIGATE`; `PENDING` while it cannot say yet.
    pub risk: String,
    pub source_identifier: Option<String>,
    /// When it was placed; now, unless said. Older than sixty days needs `read_all_orders`.
    pub created_at: Option<DateTime<Utc>>,
    /// Not to be shipped before: its fulfillment orders are `SCHEDULED` until
    /// [`crate::Shop::open_scheduled`].
    pub fulfill_at: Option<DateTime<Utc>>,
    /// When its fulfillment orders are due.
    pub fulfill_by: Option<DateTime<Utc>>,
    /// Overrides the configured wait until fulfillment orders appear; `null` for the default.
    pub routing_delay_ms: Option<u64>,
}

impl Default for OrderSpec {
    fn default() -> Self {
        Self {
            lines: Vec::new(),
            financial_status: FinancialStatus::Paid,
            customer: Some(CustomerSpec::default()),
            email: Some("jon@example.com".to_owned()),
            phone: None,
            shipping_address: Some(AddressSpec::default()),
            delivery_method: DeliveryMethod::Shipping,
            location_id: None,
            shipping_price: "4.90".to_owned(),
            note: None,
            tags: Vec::new(),
            risk: "ACCEPT".to_owned(),
            source_identifier: None,
            created_at: None,
            fulfill_at: None,
            fulfill_by: None,
            routing_delay_ms: None,
        }
    }
}

impl OrderSpec {
    /// A paid order for these variants and quantities, shipped to the default address.
    pub fn of(lines: impl IntoIterator<Item = (i64, i64)>) -> Self {
        let lines = lines
            .into_iter()
            .map(|(variant_id, quantity)| OrderLineSpec {
                variant_id,
                quantity,
                location_id: None,
            })
            .collect();
        Self {
            lines,
            ..Self::default()
        }
    }
}

/// One line of an order to be placed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderLineSpec {
    pub variant_id: i64,
    pub quantity: i64,
    #[serde(default)]
    pub location_id: Option<i64>,
}

/// Who buys.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CustomerSpec {
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub phone: Option<String>,
    pub tags: Vec<String>,
}

impl Default for CustomerSpec {
    fn default() -> Self {
        Self {
            first_name: "Jon".to_owned(),
            last_name: "Doe".to_owned(),
            email: "jon@example.com".to_owned(),
            phone: None,
            tags: Vec::new(),
        }
    }
}

/// Where a parcel goes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AddressSpec {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub company: Option<String>,
    pub address1: Option<String>,
    pub address2: Option<String>,
    pub city: Option<String>,
    pub province: Option<String>,
    pub province_code: Option<String>,
    pub country: Option<String>,
    pub country_code: Option<String>,
    pub zip: Option<String>,
    pub phone: Option<String>,
}

impl Default for AddressSpec {
    fn default() -> Self {
        let some = |text: &str| Some(text.to_owned());
        Self {
            first_name: some("Jon"),
            last_name: some("Doe"),
            company: None,
            address1: some("Musterstraße 12"),
            address2: None,
            city: some("Berlin"),
            province: None,
            province_code: None,
            country: some("Germany"),
            country_code: some("DE"),
            zip: some("10115"),
            phone: some("+49 30 5550100"),
        }
    }
}
