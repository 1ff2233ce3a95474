//! Owns: what the app must know from a body before it asks Shopify for the rest.
//! Leaves to the application: everything else in the body, since it is re-read from the shop.
//!
//! Unknown fields are ignored, missing ones are errors only where nothing can be done without them.
//! A body is also checked against being another topic's body, as far as it says what it is: the
//! topic stands in an unsigned header, and "erase this shop" must not be read out of "erase this
//! customer".

mod id;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{ShopDomain, Topic};
use id::RawId;

/// The object that a delivery is about. Every id is in `1..=i64::MAX`, so it fits a BIGINT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    Order {
        id: u64,
    },
    /// After a split, move or merge the one that goes on; any of them leads to the order.
    FulfillmentOrder {
        id: u64,
    },
    Product {
        id: u64,
    },
    Location {
        id: u64,
    },
    Shop {
        shop_id: u64,
        shop: Option<ShopDomain>,
    },
    /// Shopify may blank the domain. The body is the same as that of `shop/update`, so believe it
    /// only once the shop's token is refused.
    AppUninstalled {
        shop_id: u64,
        shop: Option<ShopDomain>,
    },
    ScopesUpdate {
        shop_id: Option<u64>,
        previous: Vec<String>,
        current: Vec<String>,
    },
    CustomersDataRequest {
        shop_id: u64,
        shop: ShopDomain,
        customer_id: Option<u64>,
        orders: Vec<u64>,
        request_id: Option<u64>,
    },
    CustomersRedact {
        shop_id: u64,
        shop: ShopDomain,
        customer_id: Option<u64>,
        orders: Vec<u64>,
    },
    ShopRedact {
        shop_id: u64,
        shop: ShopDomain,
    },
    /// A topic that the app does not act on.
    None,
}

/// Why a body cannot be read as its topic says. Nothing of the body is repeated: it may hold a
/// customer's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    #[error("the body is not JSON of the expected shape (line {line}, column {column})")]
    Unreadable { line: usize, column: usize },
    #[error("the body has no `{0}`")]
    Missing(&'static str),
    #[error("`{0}` is not an id of the expected kind")]
    BadId(&'static str),
    #[error("`{0}` is not a shop domain")]
    BadShop(&'static str),
    #[error("`{0}` shows that the body belongs to another topic")]
    OtherTopic(&'static str),
}

/// Reads what the body is about, as its topic says.
pub fn subject(topic: &Topic, body: &[u8]) -> Result<Subject, PayloadError> {
    match topic {
        Topic::OrdersCreate
        | Topic::OrdersUpdated
        | Topic::OrdersPaid
        | Topic::OrdersCancelled
        | Topic::OrdersFulfilled
        | Topic::OrdersPartiallyFulfilled
        | Topic::OrdersDelete => Ok(Subject::Order {
            id: read::<Object>(body)?.id("Order")?,
        }),
        Topic::OrdersEdited => Ok(Subject::Order {
            id: read::<OrderEdited>(body)?.order_edit.order()?,
        }),
        Topic::OrdersRiskAssessmentChanged
        | Topic::RefundsCreate
        | Topic::FulfillmentsCreate
        | Topic::FulfillmentsUpdate
        | Topic::FulfillmentEventsCreate => Ok(Subject::Order {
            id: read::<OfOrder>(body)?.order()?,
        }),
        Topic::FulfillmentHoldsAdded
        | Topic::FulfillmentHoldsReleased
        | Topic::FulfillmentOrdersOrderRoutingComplete
        | Topic::FulfillmentOrdersFulfillmentRequestSubmitted
        | Topic::FulfillmentOrdersFulfillmentRequestAccepted
        | Topic::FulfillmentOrdersFulfillmentRequestRejected
        | Topic::FulfillmentOrdersCancellationRequestSubmitted
        | Topic::FulfillmentOrdersCancellationRequestAccepted
        | Topic::FulfillmentOrdersCancellationRequestRejected
        | Topic::FulfillmentOrdersCancelled
        | Topic::FulfillmentOrdersFulfillmentServiceFailedToComplete
        | Topic::FulfillmentOrdersPlacedOnHold
        | Topic::FulfillmentOrdersHoldReleased
        | Topic::FulfillmentOrdersMoved
        | Topic::FulfillmentOrdersSplit
        | Topic::FulfillmentOrdersMerged
        | Topic::FulfillmentOrdersRescheduled
        | Topic::FulfillmentOrdersScheduledFulfillmentOrderReady
        | Topic::FulfillmentOrdersProgressReported
        | Topic::FulfillmentOrdersManuallyReportedProgressStopped
        | Topic::FulfillmentOrdersLineItemsPreparedForPickup
        | Topic::FulfillmentOrdersLineItemsPreparedForLocalDelivery => Ok(Subject::FulfillmentOrder {
            id: read::<FulfillmentOrderBody>(body)?.id()?,
        }),
        Topic::ProductsCreate | Topic::ProductsUpdate | Topic::ProductsDelete => Ok(Subject::Product {
            id: read::<Object>(body)?.id("Product")?,
        }),
        Topic::LocationsCreate
        | Topic::LocationsUpdate
        | Topic::LocationsDelete
        | Topic::LocationsActivate
        | Topic::LocationsDeactivate => Ok(Subject::Location {
            id: read::<Object>(body)?.id("Location")?,
        }),
        Topic::ShopUpdate => {
            let (shop_id, shop) = read::<ShopBody>(body)?.shop()?;
            Ok(Subject::Shop { shop_id, shop })
        }
        Topic::AppUninstalled => {
            let (shop_id, shop) = read::<ShopBody>(body)?.shop()?;
            Ok(Subject::AppUninstalled { shop_id, shop })
        }
        Topic::AppScopesUpdate => read::<ScopesBody>(body)?.subject(),
        Topic::CustomersDataRequest => read::<ComplianceBody>(body)?.data_request(),
        Topic::CustomersRedact => read::<ComplianceBody>(body)?.customers_redact(),
        Topic::ShopRedact => read::<ComplianceBody>(body)?.shop_redact(),
        Topic::Other(_) => Ok(Subject::None),
    }
}

impl Subject {
    /// The shop's numeric id, if the signed body holds it.
    pub fn shop_id(&self) -> Option<u64> {
        match self {
            Subject::ScopesUpdate { shop_id, .. } => *shop_id,
            Subject::Shop { shop_id, .. }
            | Subject::AppUninstalled { shop_id, .. }
            | Subject::CustomersDataRequest { shop_id, .. }
            | Subject::CustomersRedact { shop_id, .. }
            | Subject::ShopRedact { shop_id, .. } => Some(*shop_id),
            Subject::Order { .. }
            | Subject::FulfillmentOrder { .. }
            | Subject::Product { .. }
            | Subject::Location { .. }
            | Subject::None => None,
        }
    }

    /// The shop's domain, if the signed body holds it.
    pub fn shop_domain(&self) -> Option<&ShopDomain> {
        match self {
            Subject::Shop { shop, .. } | Subject::AppUninstalled { shop, .. } => shop.as_ref(),
            Subject::CustomersDataRequest { shop, .. }
            | Subject::CustomersRedact { shop, .. }
            | Subject::ShopRedact { shop, .. } => Some(shop),
            Subject::Order { .. }
            | Subject::FulfillmentOrder { .. }
            | Subject::Product { .. }
            | Subject::Location { .. }
            | Subject::ScopesUpdate { .. }
            | Subject::None => None,
        }
    }
}

/// Keeps only the place of an error: serde's own message quotes the offending value.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, PayloadError> {
    // serde would also fill a struct from an array, field by field.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(PayloadError::Unreadable { line: 1, column: 1 });
    }
    serde_json::from_slice(body).map_err(|error| PayloadError::Unreadable {
        line: error.line(),
        column: error.column(),
    })
}

/// A resource of the REST shape, known by its number, its global id, or both.
#[derive(Deserialize)]
struct Object {
    #[serde(default)]
    id: RawId,
    #[serde(default)]
    admin_graphql_api_id: RawId,
}

impl Object {
    fn id(&self, kind: &str) -> Result<u64, PayloadError> {
        let number = self.id.of(kind, "id")?;
        let global = self.admin_graphql_api_id.of(kind, "admin_graphql_api_id")?;
        match (number, global) {
            (Some(number), Some(global)) if number != global => Err(PayloadError::BadId("admin_graphql_api_id")),
            (Some(id), _) | (None, Some(id)) => Ok(id),
            (None, None) => Err(PayloadError::Missing("id")),
        }
    }
}

/// What names its order by number, or, as risk assessments may, by its global id alone.
#[derive(Deserialize)]
struct OfOrder {
    #[serde(default)]
    order_id: RawId,
    #[serde(default)]
    admin_graphql_api_order_id: RawId,
}

impl OfOrder {
    fn order(&self) -> Result<u64, PayloadError> {
        let global = "admin_graphql_api_order_id";
        match self.order_id.of("Order", "order_id")? {
            Some(id) => Ok(id),
            None => (self.admin_graphql_api_order_id.of("Order", global)?).ok_or(PayloadError::Missing("order_id")),
        }
    }
}

#[derive(Deserialize)]
struct OrderEdited {
    order_edit: OfOrder,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(default)]
    id: RawId,
}

/// The fields under which the `fulfillment_orders/*` and `fulfillment_holds/*` topics name theirs.
#[derive(Deserialize)]
struct FulfillmentOrderBody {
    fulfillment_order: Option<Reference>,
    submitted_fulfillment_order: Option<Reference>,
    moved_fulfillment_order: Option<Reference>,
    original_fulfillment_order: Option<Reference>,
    fulfillment_order_merges: Option<Merges>,
}

#[derive(Deserialize)]
struct Merges {
    fulfillment_order: Option<Reference>,
}

impl FulfillmentOrderBody {
    fn id(&self) -> Result<u64, PayloadError> {
        self.fulfillment_order
            .as_ref()
            .or(self.submitted_fulfillment_order.as_ref())
            .or(self.moved_fulfillment_order.as_ref())
            .or(self.original_fulfillment_order.as_ref())
            .or(self
                .fulfillment_order_merges
                .as_ref()
                .and_then(|merges| merges.fulfillment_order.as_ref()))
            .ok_or(PayloadError::Missing("fulfillment_order"))?
            .id
            .required("FulfillmentOrder", "fulfillment_order.id")
    }
}

/// The shop resource, of which all but the id may be blank after an uninstall.
#[derive(Deserialize)]
struct ShopBody {
    #[serde(default)]
    id: RawId,
    #[serde(default)]
    admin_graphql_api_id: RawId,
    myshopify_domain: Option<String>,
}

impl ShopBody {
    fn shop(self) -> Result<(u64, Option<ShopDomain>), PayloadError> {
        let object = Object {
            id: self.id,
            admin_graphql_api_id: self.admin_graphql_api_id,
        };
        let id = object.id("Shop")?;
        let domain = self
            .myshopify_domain
            .map(|domain| ShopDomain::parse(&domain))
            .transpose()
            .map_err(|_| PayloadError::BadShop("myshopify_domain"))?;
        Ok((id, domain))
    }
}

#[derive(Deserialize)]
struct ScopesBody {
    #[serde(default)]
    shop_id: RawId,
    #[serde(default)]
    previous: Vec<String>,
    current: Option<Vec<String>>,
}

impl ScopesBody {
    fn subject(self) -> Result<Subject, PayloadError> {
        Ok(Subject::ScopesUpdate {
            shop_id: self.shop_id.of("Shop", "shop_id")?,
            previous: self.previous,
            current: self.current.ok_or(PayloadError::Missing("current"))?,
        })
    }
}

/// The three compliance bodies, each of which starts like the others.
#[derive(Deserialize)]
struct ComplianceBody {
    #[serde(default)]
    shop_id: RawId,
    shop_domain: Option<String>,
    customer: Option<Reference>,
    orders_requested: Option<Vec<RawId>>,
    orders_to_redact: Option<Vec<RawId>>,
    data_request: Option<Reference>,
}

impl ComplianceBody {
    fn data_request(&self) -> Result<Subject, PayloadError> {
        refuse(self.orders_to_redact.is_some(), "orders_to_redact")?;
        if self.data_request.is_none() && self.orders_requested.is_none() {
            return Err(PayloadError::Missing("data_request"));
        }
        let (shop_id, shop) = self.shop()?;
        let request_id = match &self.data_request {
            Some(request) => request.id.of("DataRequest", "data_request.id")?,
            None => None,
        };
        Ok(Subject::CustomersDataRequest {
            shop_id,
            shop,
            customer_id: self.customer_id()?,
            orders: order_ids(self.orders_requested.as_deref(), "orders_requested")?,
            request_id,
        })
    }

    fn customers_redact(&self) -> Result<Subject, PayloadError> {
        refuse(self.data_request.is_some(), "data_request")?;
        refuse(self.orders_requested.is_some(), "orders_requested")?;
        if self.customer.is_none() && self.orders_to_redact.is_none() {
            return Err(PayloadError::Missing("customer"));
        }
        let (shop_id, shop) = self.shop()?;
        Ok(Subject::CustomersRedact {
            shop_id,
            shop,
            customer_id: self.customer_id()?,
            orders: order_ids(self.orders_to_redact.as_deref(), "orders_to_redact")?,
        })
    }

    fn shop_redact(&self) -> Result<Subject, PayloadError> {
        refuse(self.customer.is_some(), "customer")?;
        refuse(self.orders_to_redact.is_some(), "orders_to_redact")?;
        refuse(self.orders_requested.is_some(), "orders_requested")?;
        refuse(self.data_request.is_some(), "data_request")?;
        let (shop_id, shop) = self.shop()?;
        Ok(Subject::ShopRedact { shop_id, shop })
    }

    fn shop(&self) -> Result<(u64, ShopDomain), PayloadError> {
        let id = self.shop_id.required("Shop", "shop_id")?;
        let domain = self
            .shop_domain
            .as_deref()
            .ok_or(PayloadError::Missing("shop_domain"))?;
        let domain = ShopDomain::parse(domain).map_err(|_| PayloadError::BadShop("shop_domain"))?;
        Ok((id, domain))
    }

    fn customer_id(&self) -> Result<Option<u64>, PayloadError> {
        match &self.customer {
            Some(customer) => customer.id.of("Customer", "customer.id"),
            None => Ok(None),
        }
    }
}

fn refuse(foreign: bool, field: &'static str) -> Result<(), PayloadError> {
    if foreign {
        Err(PayloadError::OtherTopic(field))
    } else {
        Ok(())
    }
}

/// One unreadable id spoils the list: an erasure that skips an order in silence is none.
fn order_ids(ids: Option<&[RawId]>, field: &'static str) -> Result<Vec<u64>, PayloadError> {
    ids.unwrap_or_default()
        .iter()
        .map(|id| id.required("Order", field))
        .collect()
}
