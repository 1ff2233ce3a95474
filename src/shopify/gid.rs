//! Shopify's global ids, `gid://shopify/Order/450789469`: the number that we
//! keep, and the kind of object that it belongs to. Reading checks the kind, so
//! that a line item's id never passes for an order's.

use crate::ids::{
    ShopId, ShopifyCustomerId, ShopifyFulfillmentId, ShopifyFulfillmentOrderId, ShopifyFulfillmentOrderLineId,
    ShopifyInventoryItemId, ShopifyLineItemId, ShopifyLocationId, ShopifyOrderId, ShopifyProductId, ShopifyVariantId,
};

/// An id that Shopify gives out, and the name of its kind on the wire.
pub trait ShopifyId: Copy {
    const KIND: &'static str;
    fn from_number(number: i64) -> Self;
    fn number(self) -> i64;
}

/// A text is no id of the kind that was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected gid://shopify/{expected}/<number>")]
pub struct BadGid {
    pub expected: &'static str,
}

const PREFIX: &str = "gid://shopify/";

/// The wire form.
pub fn format<I: ShopifyId>(id: I) -> String {
    format!("{PREFIX}{}/{}", I::KIND, id.number())
}

/// Reads the wire form of exactly this kind.
pub fn parse<I: ShopifyId>(text: &str) -> Result<I, BadGid> {
    text.strip_prefix(PREFIX)
        .and_then(|rest| rest.strip_prefix(I::KIND))
        .and_then(|rest| rest.strip_prefix('/'))
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok())
        .map(I::from_number)
        .ok_or(BadGid { expected: I::KIND })
}

macro_rules! kinds {
    ($($id:ident = $kind:literal,)+) => {$(
        impl ShopifyId for $id {
            const KIND: &'static str = $kind;
            fn from_number(number: i64) -> Self {
                Self(number)
            }
            fn number(self) -> i64 {
                self.0
            }
        }
    )+};
}

kinds! {
    ShopId = "Shop",
    ShopifyCustomerId = "Customer",
    ShopifyFulfillmentId = "Fulfillment",
    ShopifyFulfillmentOrderId = "FulfillmentOrder",
    ShopifyFulfillmentOrderLineId = "FulfillmentOrderLineItem",
    ShopifyInventoryItemId = "InventoryItem",
    ShopifyLineItemId = "LineItem",
    ShopifyLocationId = "Location",
    ShopifyOrderId = "Order",
    ShopifyProductId = "Product",
    ShopifyVariantId = "ProductVariant",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_ids_above_2_to_the_53() {
        let text = "gid://shopify/Order/820982911946154508";
        let id: ShopifyOrderId = parse(text).unwrap();
        assert_eq!(id, ShopifyOrderId(820_982_911_946_154_508));
        assert_eq!(format(id), text);
    }

    #[test]
    fn refuses_other_kinds_and_other_texts() {
        for text in [
            "gid://shopify/LineItem/1",
            "gid://shopify/OrderX/1",
            "gid://shopify/Order/",
            "gid://shopify/Order/-1",
            "gid://shopify/Order/+1",
            "gid://shopify/Order/1?x=1",
            "gid://shopify/Order/9223372036854775808",
            "gid://other/Order/1",
            "1",
            "",
        ] {
            assert!(parse::<ShopifyOrderId>(text).is_err(), "{text}");
        }
    }
}
