//! Numbers and global ids as Shopify hands them out. Owns the counter that makes every id of one
//! sandbox distinct. Orders and line items lie above 2^53 and are odd, so a program that passes
//! them through a float cannot get away with it.

use std::sync::atomic::{AtomicI64, Ordering};

/// What an id is for; the name is the one in `gid://shopify/<Name>/<number>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Shop,
    Location,
    Service,
    Product,
    Variant,
    InventoryItem,
    Customer,
    Order,
    LineItem,
    FulfillmentOrder,
    FulfillmentOrderLine,
    Hold,
    MerchantRequest,
    Fulfillment,
    FulfillmentLine,
    FulfillmentEvent,
    Refund,
    Subscription,
    OrderEdit,
    AdjustmentGroup,
}

impl Kind {
    const fn base(self) -> i64 {
        match self {
            Self::Shop => 68_817_301_001,
            Self::Location => 74_219_002_001,
            Self::Service => 60_911_443_001,
            Self::Product => 8_077_218_414_001,
            Self::Variant => 43_729_076_101_001,
            Self::InventoryItem => 45_820_993_202_001,
            Self::Customer => 7_115_310_627_001,
            Self::Order => 820_982_911_946_150_001,
            Self::LineItem => 48_781_767_227_620_001,
            Self::FulfillmentOrder => 6_305_117_442_001,
            Self::FulfillmentOrderLine => 13_780_226_310_001,
            Self::Hold => 1_402_217_001,
            Self::MerchantRequest => 2_203_118_001,
            Self::Fulfillment => 5_190_663_321_001,
            Self::FulfillmentLine => 11_450_772_113_001,
            Self::FulfillmentEvent => 24_118_225_001,
            Self::Refund => 929_361_462_001,
            Self::Subscription => 1_384_552_229_001,
            Self::OrderEdit => 78_912_328_793_001,
            Self::AdjustmentGroup => 3_310_554_201,
        }
    }
}

/// Hands out ids; one per sandbox, since Shopify's ids are distinct over all shops.
#[derive(Debug, Default)]
pub(crate) struct Ids(AtomicI64);

impl Ids {
    pub fn next(&self, kind: Kind) -> i64 {
        // Even steps keep every id odd.
        kind.base() + 2 * self.0.fetch_add(1, Ordering::Relaxed)
    }
}

/// `gid://shopify/<name>/<id>`.
pub(crate) fn gid(name: &str, id: i64) -> String {
    format!("gid://shopify/{name}/{id}")
}

/// The number of a global id of exactly this kind; a parameter such as `?inventory_item_id=` is
/// not accepted here.
pub(crate) fn parse_gid(name: &str, gid: &str) -> Option<i64> {
    let number = gid
        .strip_prefix("gid://shopify/")?
        .strip_prefix(name)?
        .strip_prefix('/')?;
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    number.parse().ok()
}
