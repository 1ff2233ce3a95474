//! The GraphQL operations, one `.graphql` file each, as types: what goes in, what comes out, what
//! it costs and whether it changes anything.
//!
//! `graphql_client` makes a module per operation from its file and the trimmed schema. Those types
//! stay inside `shopify`; callers see the plain types of `orders`, `fulfillments` and so on.

use graphql_client::GraphQLQuery;

// The generated modules look the schema's scalars and enums up here, by name.
use super::scalars::{
    CountryCode, CurrencyCode, DateTime, Decimal, DeliveryMethodType, FulfillmentDisplayStatus, FulfillmentHoldReason,
    FulfillmentOrderAction, FulfillmentOrderAssignmentStatus, FulfillmentOrderMerchantRequestKind,
    FulfillmentOrderRejectionReason, FulfillmentOrderRequestStatus, FulfillmentOrderStatus, FulfillmentServiceType,
    FulfillmentStatus, InventorySetQuantitiesUserErrorCode, OrderCancelReason, OrderDisplayFinancialStatus,
    OrderDisplayFulfillmentStatus, OrderRiskRecommendationResult, ProductStatus, RiskAssessmentResult, URL,
    WebhookSubscriptionFormat, WebhookSubscriptionTopic, WeightUnit,
};

/// A GraphQL operation that this app sends.
pub trait Operation: GraphQLQuery {
    const NAME: &'static str;
    /// The most that Shopify may ask for it, in points; reserve this before the call.
    const COST: u32;
    const IS_MUTATION: bool;
}

macro_rules! operations {
    ($nulls:ident: $($kind:ident $name:ident = $cost:literal, $file:tt;)+) => {
        $(
            #[derive(GraphQLQuery)]
            #[graphql(
                schema_path = "src/shopify/schema/admin-2026-10.graphql",
                query_path = $file,
                variables_derives = "Clone",
                $nulls,
                fragments_other_variant,
                extern_enums(
                    "CountryCode",
                    "CurrencyCode",
                    "DeliveryMethodType",
                    "FulfillmentDisplayStatus",
                    "FulfillmentHoldReason",
                    "FulfillmentOrderAction",
                    "FulfillmentOrderAssignmentStatus",
                    "FulfillmentOrderMerchantRequestKind",
                    "FulfillmentOrderRejectionReason",
                    "FulfillmentOrderRequestStatus",
                    "FulfillmentOrderStatus",
                    "FulfillmentServiceType",
                    "FulfillmentStatus",
                    "InventorySetQuantitiesUserErrorCode",
                    "OrderCancelReason",
                    "OrderDisplayFinancialStatus",
                    "OrderDisplayFulfillmentStatus",
                    "OrderRiskRecommendationResult",
                    "ProductStatus",
                    "RiskAssessmentResult",
                    "WebhookSubscriptionFormat",
                    "WebhookSubscriptionTopic",
                    "WeightUnit"
                )
            )]
            pub struct $name;

            impl Operation for $name {
                const NAME: &'static str = stringify!($name);
                const COST: u32 = $cost;
                const IS_MUTATION: bool = operations!(@$kind);
            }
        )+
    };
    (@query) => { false };
    (@mutation) => { true };
}

// `npm test` in tools/shopify-schema computes the costs from the documents and fails on a
// difference.
operations! { skip_serializing_none:
    mutation AcceptCancellationRequest = 13, "src/shopify/queries/AcceptCancellationRequest.graphql";
    mutation AcceptFulfillmentRequest = 13, "src/shopify/queries/AcceptFulfillmentRequest.graphql";
    query AssignedFulfillmentOrders = 452, "src/shopify/queries/AssignedFulfillmentOrders.graphql";
    mutation FulfillmentCreate = 46, "src/shopify/queries/FulfillmentCreate.graphql";
    query FulfillmentLines = 403, "src/shopify/queries/FulfillmentLines.graphql";
    query FulfillmentOrderLines = 403, "src/shopify/queries/FulfillmentOrderLines.graphql";
    query FulfillmentOrderOwner = 1, "src/shopify/queries/FulfillmentOrderOwner.graphql";
    query FulfillmentOrders = 423, "src/shopify/queries/FulfillmentOrders.graphql";
    query FulfillmentOrdersUpdatedSince = 302, "src/shopify/queries/FulfillmentOrdersUpdatedSince.graphql";
    mutation FulfillmentServiceCreate = 14, "src/shopify/queries/FulfillmentServiceCreate.graphql";
    query FulfillmentServices = 3, "src/shopify/queries/FulfillmentServices.graphql";
    mutation FulfillmentTrackingInfoUpdate = 46, "src/shopify/queries/FulfillmentTrackingInfoUpdate.graphql";
    query FulfillmentsByIds = 850, "src/shopify/queries/FulfillmentsByIds.graphql";
    query GrantedScopes = 2, "src/shopify/queries/GrantedScopes.graphql";
    mutation InventoryActivate = 13, "src/shopify/queries/InventoryActivate.graphql";
    query Locations = 152, "src/shopify/queries/Locations.graphql";
    query OrderAssessments = 3, "src/shopify/queries/OrderAssessments.graphql";
    query OrderById = 451, "src/shopify/queries/OrderById.graphql";
    query OrderFulfillmentIds = 251, "src/shopify/queries/OrderFulfillmentIds.graphql";
    query OrderFulfillments = 623, "src/shopify/queries/OrderFulfillments.graphql";
    query OrderLines = 603, "src/shopify/queries/OrderLines.graphql";
    query OrdersUpdatedSince = 102, "src/shopify/queries/OrdersUpdatedSince.graphql";
    mutation RejectCancellationRequest = 13, "src/shopify/queries/RejectCancellationRequest.graphql";
    mutation RejectFulfillmentRequest = 13, "src/shopify/queries/RejectFulfillmentRequest.graphql";
    query ShopDetails = 4, "src/shopify/queries/ShopDetails.graphql";
    query VariantsByIds = 500, "src/shopify/queries/VariantsByIds.graphql";
    query VariantsPage = 502, "src/shopify/queries/VariantsPage.graphql";
    mutation WebhookSubscriptionCreate = 14, "src/shopify/queries/WebhookSubscriptionCreate.graphql";
    mutation WebhookSubscriptionDelete = 12, "src/shopify/queries/WebhookSubscriptionDelete.graphql";
    query WebhookSubscriptions = 202, "src/shopify/queries/WebhookSubscriptions.graphql";
}

// Here the absence of `changeFromQuantity` is an error and `null` is an answer.
operations! { explicit_nulls:
    mutation InventorySetQuantities = 14, "src/shopify/queries/InventorySetQuantities.graphql";
}

/// What to reserve from the shop's budget before a method of `AdminApi`: the cost of its first
/// call. What further pages take, it waits for by itself.
pub mod cost {
    use super::{
        AssignedFulfillmentOrders, FulfillmentCreate, FulfillmentOrderOwner, FulfillmentOrdersUpdatedSince,
        FulfillmentServices, FulfillmentTrackingInfoUpdate, GrantedScopes, InventorySetQuantities, Locations,
        Operation as _, OrderById, OrderFulfillments, OrdersUpdatedSince, ShopDetails, VariantsByIds, VariantsPage,
        WebhookSubscriptions,
    };

    pub const ORDER: u32 = OrderById::COST;
    pub const ORDERS_UPDATED_SINCE: u32 = OrdersUpdatedSince::COST;
    pub const FULFILLMENT_ORDERS_UPDATED_SINCE: u32 = FulfillmentOrdersUpdatedSince::COST;
    pub const ORDER_FULFILLMENTS: u32 = OrderFulfillments::COST;
    pub const FULFILLMENT_ORDER_OWNER: u32 = FulfillmentOrderOwner::COST;
    pub const CREATE_FULFILLMENT: u32 = FulfillmentCreate::COST;
    pub const UPDATE_TRACKING: u32 = FulfillmentTrackingInfoUpdate::COST;
    pub const VARIANTS: u32 = VariantsPage::COST;
    pub const VARIANTS_BY_IDS: u32 = VariantsByIds::COST;
    pub const SHOP: u32 = ShopDetails::COST;
    pub const GRANTED_SCOPES: u32 = GrantedScopes::COST;
    pub const LOCATIONS: u32 = Locations::COST;
    pub const SUBSCRIPTIONS: u32 = WebhookSubscriptions::COST;
    pub const ASSIGNED_FULFILLMENT_ORDERS: u32 = AssignedFulfillmentOrders::COST;
    pub const FULFILLMENT_SERVICES: u32 = FulfillmentServices::COST;
    pub const SET_STOCK: u32 = InventorySetQuantities::COST;
    /// Any other mutation.
    pub const MUTATION: u32 = 14;
}
