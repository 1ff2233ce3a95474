//! What Shopify's scalars and enums become in Rust: dates, decimals, money, and enums that survive
//! a value they do not know, since Shopify adds values between versions.

use chrono::Utc;
use rust_decimal::{Decimal as Number, RoundingStrategy, prelude::ToPrimitive as _};
use serde::{Deserialize, Serialize};

use crate::domain::{
    money::{Currency, Money, MoneyError},
    order::{DeliveryMethod, FinancialStatus, FulfillmentOrderStatus as OurStatus},
};

// The names below are the schema's own; the generated operation types look them up.
pub type DateTime = chrono::DateTime<Utc>;
pub type Decimal = Number;
pub type URL = String;
// Open-ended lists of codes: nothing here branches on them, so they stay text.
pub type CurrencyCode = String;
pub type CountryCode = String;
pub type WebhookSubscriptionTopic = String;
pub type InventorySetQuantitiesUserErrorCode = String;

/// Shopify answered something that its schema allows and this app cannot use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Shopify's answer cannot be used: {0}")]
pub struct Unusable(pub String);

impl From<super::gid::BadGid> for Unusable {
    fn from(bad: super::gid::BadGid) -> Unusable {
        Unusable(bad.to_string())
    }
}

impl From<MoneyError> for Unusable {
    fn from(error: MoneyError) -> Self {
        Self(error.to_string())
    }
}

/// A decimal amount in minor units. Shopify's unit prices after discounts are
/// shares of a total and may have more digits than the currency; they are
/// rounded half away from zero.
pub fn money(amount: Decimal, code: &str) -> Result<Money, Unusable> {
    let currency = Currency::parse(code)?;
    let digits = currency.exponent();
    let rounded = amount.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero);
    let amount_minor = Decimal::from(10_i64.pow(digits))
        .checked_mul(rounded)
        .and_then(|minor| minor.to_i64())
        .ok_or(MoneyError::TooLarge)?;
    Ok(Money::new(amount_minor, currency))
}

/// A number of pieces. The schema says `Int`; less than none is no quantity.
pub fn quantity(value: i64) -> Result<u32, Unusable> {
    u32::try_from(value).map_err(|_| Unusable(format!("{value} is not a quantity")))
}

/// The business has its own words for some of Shopify's enums; what is newer
/// than this program becomes `Unknown` there.
macro_rules! into_domain {
    ($($wire:ident => $ours:ident,)+) => {$(
        impl From<&$wire> for $ours {
            fn from(wire: &$wire) -> Self {
                wire.as_str().parse().unwrap_or(Self::Unknown)
            }
        }
    )+};
}

into_domain! {
    DeliveryMethodType => DeliveryMethod,
    FulfillmentOrderStatus => OurStatus,
    OrderDisplayFinancialStatus => FinancialStatus,
}

macro_rules! wire_enum {
    ($($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal,)+ })+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq, Hash)]
            pub enum $name {
                $($variant,)+
                /// A value newer than this program. Never take it for success or failure.
                Unknown(String),
            }

            impl $name {
                /// Every value of the schema this program was built with.
                pub const KNOWN: &'static [&'static str] = &[$($text,)+];

                pub fn parse(text: &str) -> $name {
                    match text {
                        $($text => $name::$variant,)+
                        other => $name::Unknown(other.to_owned()),
                    }
                }

                pub fn as_str(&self) -> &str {
                    match self {
                        $($name::$variant => $text,)+
                        $name::Unknown(text) => text,
                    }
                }
            }

            impl std::fmt::Display for $name {
                fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    out.write_str(self.as_str())
                }
            }

            impl Serialize for $name {
                fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                    out.serialize_str(self.as_str())
                }
            }

            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<$name, D::Error> {
                    Ok($name::parse(&String::deserialize(input)?))
                }
            }
        )+

        /// Each enum above with its known values, for the test that compares them to the schema.
        #[cfg(test)]
        const ENUMS: &[(&str, &[&str])] = &[$((stringify!($name), $name::KNOWN),)+];
    };
}

wire_enum! {
    DeliveryMethodType {
        Local = "LOCAL",
        None = "NONE",
        PickupPoint = "PICKUP_POINT",
        PickUp = "PICK_UP",
        Retail = "RETAIL",
        Shipping = "SHIPPING",
    }
    /// What Shopify shows of a parcel's way; for people, not for decisions.
    FulfillmentDisplayStatus {
        AttemptedDelivery = "ATTEMPTED_DELIVERY",
        Canceled = "CANCELED",
        CarrierPickedUp = "CARRIER_PICKED_UP",
        Confirmed = "CONFIRMED",
        Delayed = "DELAYED",
        Delivered = "DELIVERED",
        Failure = "FAILURE",
        Fulfilled = "FULFILLED",
        InTransit = "IN_TRANSIT",
        LabelPrinted = "LABEL_PRINTED",
        LabelPurchased = "LABEL_PURCHASED",
        LabelVoided = "LABEL_VOIDED",
        MarkedAsFulfilled = "MARKED_AS_FULFILLED",
        NotDelivered = "NOT_DELIVERED",
        OutForDelivery = "OUT_FOR_DELIVERY",
        PickedUp = "PICKED_UP",
        ReadyForPickup = "READY_FOR_PICKUP",
        Submitted = "SUBMITTED",
    }
    FulfillmentHoldReason {
        AwaitingPayment = "AWAITING_PAYMENT",
        AwaitingReturnItems = "AWAITING_RETURN_ITEMS",
        HighRiskOfFraud = "HIGH_RISK_OF_FRAUD",
        IncorrectAddress = "INCORRECT_ADDRESS",
        InventoryOutOfStock = "INVENTORY_OUT_OF_STOCK",
        OnlineStorePostPurchaseCrossSell = "ONLINE_STORE_POST_PURCHASE_CROSS_SELL",
        Other = "OTHER",
        UnknownDeliveryDate = "UNKNOWN_DELIVERY_DATE",
    }
    /// What may be done with a fulfillment order now; decide by this, not by its status.
    FulfillmentOrderAction {
        CancelFulfillmentOrder = "CANCEL_FULFILLMENT_ORDER",
        CreateFulfillment = "CREATE_FULFILLMENT",
        External = "EXTERNAL",
        Hold = "HOLD",
        MarkAsOpen = "MARK_AS_OPEN",
        Merge = "MERGE",
        Move = "MOVE",
        ReleaseHold = "RELEASE_HOLD",
        ReportProgress = "REPORT_PROGRESS",
        RequestCancellation = "REQUEST_CANCELLATION",
        RequestFulfillment = "REQUEST_FULFILLMENT",
        Split = "SPLIT",
    }
    FulfillmentOrderAssignmentStatus {
        CancellationRequested = "CANCELLATION_REQUESTED",
        FulfillmentAccepted = "FULFILLMENT_ACCEPTED",
        FulfillmentRequested = "FULFILLMENT_REQUESTED",
        FulfillmentUnsubmitted = "FULFILLMENT_UNSUBMITTED",
    }
    FulfillmentOrderMerchantRequestKind {
        CancellationRequest = "CANCELLATION_REQUEST",
        FulfillmentRequest = "FULFILLMENT_REQUEST",
    }
    FulfillmentOrderRejectionReason {
        IncorrectAddress = "INCORRECT_ADDRESS",
        IncorrectProductInfo = "INCORRECT_PRODUCT_INFO",
        IneligibleProduct = "INELIGIBLE_PRODUCT",
        InternationalShippingUnavailable = "INTERNATIONAL_SHIPPING_UNAVAILABLE",
        InvalidContactInformation = "INVALID_CONTACT_INFORMATION",
        InvalidSku = "INVALID_SKU",
        InventoryOutOfStock = "INVENTORY_OUT_OF_STOCK",
        MerchantBlockedOrSuspended = "MERCHANT_BLOCKED_OR_SUSPENDED",
        MissingCustomsInfo = "MISSING_CUSTOMS_INFO",
        OrderTooLarge = "ORDER_TOO_LARGE",
        Other = "OTHER",
        PackagePreferenceNotSet = "PACKAGE_PREFERENCE_NOT_SET",
        PaymentDeclined = "PAYMENT_DECLINED",
        UndeliverableDestination = "UNDELIVERABLE_DESTINATION",
    }
    FulfillmentOrderRequestStatus {
        Accepted = "ACCEPTED",
        CancellationAccepted = "CANCELLATION_ACCEPTED",
        CancellationRejected = "CANCELLATION_REJECTED",
        CancellationRequested = "CANCELLATION_REQUESTED",
        Closed = "CLOSED",
        Rejected = "REJECTED",
        Submitted = "SUBMITTED",
        Unsubmitted = "UNSUBMITTED",
    }
    FulfillmentOrderStatus {
        Cancelled = "CANCELLED",
        Closed = "CLOSED",
        Incomplete = "INCOMPLETE",
        InProgress = "IN_PROGRESS",
        OnHold = "ON_HOLD",
        Open = "OPEN",
        Scheduled = "SCHEDULED",
    }
    FulfillmentServiceType {
        GiftCard = "GIFT_CARD",
        Manual = "MANUAL",
        ThirdParty = "THIRD_PARTY",
    }
    FulfillmentStatus {
        Cancelled = "CANCELLED",
        Error = "ERROR",
        Failure = "FAILURE",
        Open = "OPEN",
        Pending = "PENDING",
        Success = "SUCCESS",
    }
    OrderCancelReason {
        Customer = "CUSTOMER",
        Declined = "DECLINED",
        Fraud = "FRAUD",
        Inventory = "INVENTORY",
        Other = "OTHER",
        Staff = "STAFF",
    }
    OrderDisplayFinancialStatus {
        Authorized = "AUTHORIZED",
        Expired = "EXPIRED",
        Paid = "PAID",
        PartiallyPaid = "PARTIALLY_PAID",
        PartiallyRefunded = "PARTIALLY_REFUNDED",
        Pending = "PENDING",
        Refunded = "REFUNDED",
        Voided = "VOIDED",
    }
    OrderDisplayFulfillmentStatus {
        Fulfilled = "FULFILLED",
        FulfillmentNotRequired = "FULFILLMENT_NOT_REQUIRED",
        InProgress = "IN_PROGRESS",
        OnHold = "ON_HOLD",
        Open = "OPEN",
        PartiallyFulfilled = "PARTIALLY_FULFILLED",
        PendingFulfillment = "PENDING_FULFILLMENT",
        RequestDeclined = "REQUEST_DECLINED",
        Restocked = "RESTOCKED",
        Scheduled = "SCHEDULED",
        Unfulfilled = "UNFULFILLED",
    }
    OrderRiskRecommendationResult {
        Accept = "ACCEPT",
        Cancel = "CANCEL",
        Investigate = "INVESTIGATE",
        None = "NONE",
    }
    ProductStatus {
        Active = "ACTIVE",
        Archived = "ARCHIVED",
        Draft = "DRAFT",
        Unlisted = "UNLISTED",
    }
    RiskAssessmentResult {
        High = "HIGH",
        Low = "LOW",
        Medium = "MEDIUM",
        None = "NONE",
        Pending = "PENDING",
    }
    WebhookSubscriptionFormat {
        Json = "JSON",
        Xml = "XML",
    }
    WeightUnit {
        Grams = "GRAMS",
        Kilograms = "KILOGRAMS",
        Ounces = "OUNCES",
        Pounds = "POUNDS",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const SCHEMA: &str = include_str!("schema/admin-2026-10.graphql");

    /// The values of one enum in the printed schema, which has one value per line.
    fn schema_values(name: &str) -> BTreeSet<&'static str> {
        SCHEMA
            .split_once(&format!("\nenum {name} {{\n"))
            .and_then(|(_, rest)| rest.split_once("\n}"))
            .unwrap_or_else(|| panic!("the schema has no enum {name}"))
            .0
            .lines()
            .filter_map(|line| line.split_whitespace().next())
            .collect()
    }

    #[test]
    fn enums_know_exactly_the_values_of_the_schema() {
        for (name, known) in ENUMS {
            assert_eq!(
                known.iter().copied().collect::<BTreeSet<_>>(),
                schema_values(name),
                "{name}"
            );
        }
    }

    #[test]
    fn the_business_knows_the_same_values() {
        for text in OrderDisplayFinancialStatus::KNOWN {
            let ours = FinancialStatus::from(&OrderDisplayFinancialStatus::parse(text));
            assert_eq!(ours.as_str(), *text);
        }
        for text in FulfillmentOrderStatus::KNOWN {
            assert_eq!(OurStatus::from(&FulfillmentOrderStatus::parse(text)).as_str(), *text);
        }
        for text in DeliveryMethodType::KNOWN {
            assert_eq!(DeliveryMethod::from(&DeliveryMethodType::parse(text)).as_str(), *text);
        }
        let newer = OrderDisplayFinancialStatus::parse("BARTERED");
        assert_eq!(FinancialStatus::from(&newer), FinancialStatus::Unknown);
    }

    #[test]
    fn an_unknown_value_is_kept_as_it_came() {
        let status: FulfillmentStatus = serde_json::from_str("\"TELEPORTED\"").unwrap();
        assert_eq!(status, FulfillmentStatus::Unknown("TELEPORTED".to_owned()));
        assert_eq!(serde_json::to_string(&status).unwrap(), "\"TELEPORTED\"");
    }

    #[test]
    fn money_is_minor_units_of_its_currency() {
        let check = |amount: &str, code: &str, minor: i64| {
            let got = money(amount.parse().unwrap(), code).unwrap();
            assert_eq!(got.amount_minor, minor, "{amount} {code}");
            assert_eq!(got.currency.code(), code, "{amount} {code}");
        };
        check("10.00", "EUR", 1000);
        check("10.0", "EUR", 1000);
        check("0.01", "USD", 1);
        check("1200.0", "JPY", 1200);
        check("1.234", "KWD", 1234);
        check("3.3333333", "EUR", 333);
        check("0.005", "EUR", 1);
        check("-4.20", "EUR", -420);
    }

    #[test]
    fn money_out_of_reach_is_refused() {
        assert!(money("1".parse().unwrap(), "XQQ").is_err());
        let huge = "92233720368547758.08".parse().unwrap();
        assert!(money(huge, "EUR").is_err());
    }
}
