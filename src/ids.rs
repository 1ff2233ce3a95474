//! Typed identifiers: a leaf that everyone may import.
//!
//! Ours are `UUIDv7`, so they sort by the time they were made; Shopify's are
//! 64-bit integers that exceed 2^53 and therefore travel as strings in JSON.

use std::{fmt, str::FromStr};

use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! our_ids {
    ($($(#[$doc:meta])* $name:ident,)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, DeriveValueType)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id, later than every id made before on this machine.
            #[must_use]
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }
        }
        /// Needed of every primary key; a UUID never comes from a counter.
        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

macro_rules! shopify_ids {
    ($($(#[$doc:meta])* $name:ident,)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, DeriveValueType)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
        impl FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

our_ids! {
    /// One received webhook call in the inbox.
    DeliveryId,
    /// One durable piece of work.
    JobId,
    /// The record written before an outside call that must happen once.
    IntentId,
    OrderId,
    OrderLineId,
    SupplierId,
    ConnectionId,
    OfferId,
    MappingId,
    /// One search for offers that are the shop's variants.
    MatchRunId,
    /// One comparison of a draft with the live routing.
    WhatIfRunId,
    /// An offer that may be a variant.
    MatchId,
    /// One ranked alternative of a mapping.
    AlternativeId,
    RoutingPlanId,
    AllocationId,
    /// The allocations that together make the same units of one order line: more than one for a kit.
    AllocationGroupId,
    PurchaseOrderId,
    PoLineId,
    ShipmentId,
    /// Our record of a Shopify fulfillment.
    FulfillmentId,
    ExceptionId,
    /// One comparison of a shop's books with Shopify and with the queue.
    SweepId,
    EventId,
    UserId,
    /// A row without a name of its own: memberships, keys, invitations, sessions.
    RowId,
}

shopify_ids! {
    /// Shopify's numeric shop id: the tenant.
    ShopId,
    ShopifyOrderId,
    ShopifyLineItemId,
    ShopifyProductId,
    ShopifyVariantId,
    ShopifyFulfillmentOrderId,
    ShopifyFulfillmentOrderLineId,
    ShopifyFulfillmentId,
    ShopifyLocationId,
    ShopifyInventoryItemId,
    ShopifyCustomerId,
}
