//! Owns: the webhook topics by name, and which of them the app asks Shopify for.
//! Leaves to `payload`: what a body of a topic holds; to the application: subscribing.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! topics {
    ($($name:ident = $slug:literal,)+) => {
        /// What a delivery is about.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum Topic {
            $($name,)+
            /// A topic that the app has no use for, by the name Shopify gave it. Deliveries of it
            /// are kept and acted on by nobody.
            Other(String),
        }

        impl Topic {
            /// Every topic that has a name of its own here.
            pub const KNOWN: &'static [Topic] = &[$(Topic::$name,)+];

            /// Shopify's name of the topic, as in the header: `orders/create`.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Topic::$name => $slug,)+
                    Topic::Other(slug) => slug,
                }
            }

            fn known(slug: &str) -> Option<Topic> {
                match slug {
                    $($slug => Some(Topic::$name),)+
                    _ => None,
                }
            }
        }
    };
}

topics! {
    AppUninstalled = "app/uninstalled",
    AppScopesUpdate = "app/scopes_update",
    ShopUpdate = "shop/update",
    CustomersDataRequest = "customers/data_request",
    CustomersRedact = "customers/redact",
    ShopRedact = "shop/redact",
    OrdersCreate = "orders/create",
    OrdersUpdated = "orders/updated",
    OrdersEdited = "orders/edited",
    OrdersPaid = "orders/paid",
    OrdersCancelled = "orders/cancelled",
    OrdersFulfilled = "orders/fulfilled",
    OrdersPartiallyFulfilled = "orders/partially_fulfilled",
    OrdersDelete = "orders/delete",
    OrdersRiskAssessmentChanged = "orders/risk_assessment_changed",
    RefundsCreate = "refunds/create",
    FulfillmentsCreate = "fulfillments/create",
    FulfillmentsUpdate = "fulfillments/update",
    FulfillmentEventsCreate = "fulfillment_events/create",
    FulfillmentHoldsAdded = "fulfillment_holds/added",
    FulfillmentHoldsReleased = "fulfillment_holds/released",
    FulfillmentOrdersOrderRoutingComplete = "fulfillment_orders/order_routing_complete",
    FulfillmentOrdersFulfillmentRequestSubmitted = "fulfillment_orders/fulfillment_request_submitted",
    FulfillmentOrdersFulfillmentRequestAccepted = "fulfillment_orders/fulfillment_request_accepted",
    FulfillmentOrdersFulfillmentRequestRejected = "fulfillment_orders/fulfillment_request_rejected",
    FulfillmentOrdersCancellationRequestSubmitted = "fulfillment_orders/cancellation_request_submitted",
    FulfillmentOrdersCancellationRequestAccepted = "fulfillment_orders/cancellation_request_accepted",
    FulfillmentOrdersCancellationRequestRejected = "fulfillment_orders/cancellation_request_rejected",
    FulfillmentOrdersCancelled = "fulfillment_orders/cancelled",
    FulfillmentOrdersFulfillmentServiceFailedToComplete = "fulfillment_orders/fulfillment_service_failed_to_complete",
    FulfillmentOrdersPlacedOnHold = "fulfillment_orders/placed_on_hold",
    FulfillmentOrdersHoldReleased = "fulfillment_orders/hold_released",
    FulfillmentOrdersMoved = "fulfillment_orders/moved",
    FulfillmentOrdersSplit = "fulfillment_orders/split",
    FulfillmentOrdersMerged = "fulfillment_orders/merged",
    FulfillmentOrdersRescheduled = "fulfillment_orders/rescheduled",
    FulfillmentOrdersScheduledFulfillmentOrderReady = "fulfillment_orders/scheduled_fulfillment_order_ready",
    FulfillmentOrdersProgressReported = "fulfillment_orders/progress_reported",
    FulfillmentOrdersManuallyReportedProgressStopped = "fulfillment_orders/manually_reported_progress_stopped",
    FulfillmentOrdersLineItemsPreparedForPickup = "fulfillment_orders/line_items_prepared_for_pickup",
    FulfillmentOrdersLineItemsPreparedForLocalDelivery = "fulfillment_orders/line_items_prepared_for_local_delivery",
    ProductsCreate = "products/create",
    ProductsUpdate = "products/update",
    ProductsDelete = "products/delete",
    LocationsCreate = "locations/create",
    LocationsUpdate = "locations/update",
    LocationsDelete = "locations/delete",
    LocationsActivate = "locations/activate",
    LocationsDeactivate = "locations/deactivate",
}

impl Topic {
    /// The topics that the app subscribes to through the API when a shop installs it.
    ///
    /// Left out on purpose: topics that only repeat `orders/updated` (fulfilled, partially
    /// fulfilled), single holds (the fulfillment order's own hold topics tell when work must stop
    /// and start), answers to requests that the app itself gives, and local pickup, which is never
    /// routed.
    pub const SUBSCRIBED: &'static [Topic] = &[
        Topic::AppUninstalled,
        Topic::AppScopesUpdate,
        Topic::ShopUpdate,
        Topic::OrdersCreate,
        Topic::OrdersUpdated,
        Topic::OrdersEdited,
        Topic::OrdersPaid,
        Topic::OrdersCancelled,
        Topic::OrdersDelete,
        Topic::OrdersRiskAssessmentChanged,
        Topic::RefundsCreate,
        Topic::FulfillmentsCreate,
        Topic::FulfillmentsUpdate,
        Topic::FulfillmentOrdersOrderRoutingComplete,
        Topic::FulfillmentOrdersFulfillmentRequestSubmitted,
        Topic::FulfillmentOrdersCancellationRequestSubmitted,
        Topic::FulfillmentOrdersCancellationRequestAccepted,
        Topic::FulfillmentOrdersCancelled,
        Topic::FulfillmentOrdersFulfillmentServiceFailedToComplete,
        Topic::FulfillmentOrdersPlacedOnHold,
        Topic::FulfillmentOrdersHoldReleased,
        Topic::FulfillmentOrdersMoved,
        Topic::FulfillmentOrdersSplit,
        Topic::FulfillmentOrdersMerged,
        Topic::FulfillmentOrdersRescheduled,
        Topic::FulfillmentOrdersScheduledFulfillmentOrderReady,
        Topic::ProductsCreate,
        Topic::ProductsUpdate,
        Topic::ProductsDelete,
        Topic::LocationsCreate,
        Topic::LocationsUpdate,
        Topic::LocationsDelete,
        Topic::LocationsActivate,
        Topic::LocationsDeactivate,
    ];

    /// The topics that every app must serve. They are declared in the app's TOML; the API refuses
    /// subscriptions to them.
    pub const COMPLIANCE: &'static [Topic] = &[Topic::CustomersDataRequest, Topic::CustomersRedact, Topic::ShopRedact];

    /// The name in the Admin API's enum `WebhookSubscriptionTopic`: `ORDERS_CREATE`.
    pub fn to_graphql_enum(&self) -> String {
        self.as_str().to_ascii_uppercase().replace(['/', '.'], "_")
    }
}

impl From<&str> for Topic {
    fn from(slug: &str) -> Topic {
        Topic::known(slug).unwrap_or_else(|| Topic::Other(slug.to_owned()))
    }
}

impl From<String> for Topic {
    fn from(slug: String) -> Topic {
        Topic::known(&slug).unwrap_or(Topic::Other(slug))
    }
}

impl From<Topic> for String {
    fn from(topic: Topic) -> String {
        topic.as_str().to_owned()
    }
}

impl FromStr for Topic {
    type Err = Infallible;

    fn from_str(slug: &str) -> Result<Topic, Infallible> {
        Ok(Topic::from(slug))
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}
