//! Values that GraphQL has no type for, and how ids travel.

use std::str::FromStr;

use async_graphql::{Description, ID, InputValueError, InputValueResult, Scalar, ScalarType, Value};

/// A 64-bit integer of Shopify's, as a string: larger than 2^53.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Description)]
pub struct ShopifyId(pub i64);

#[Scalar(use_type_description)]
impl ScalarType for ShopifyId {
    fn parse(value: Value) -> InputValueResult<Self> {
        let id = match &value {
            Value::String(text) => text.parse().ok(),
            Value::Number(number) => number.as_i64(),
            _ => None,
        };
        id.map(Self).ok_or_else(|| InputValueError::expected_type(value))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A 64-bit integer as a JSON number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Description)]
pub struct Int64(pub i64);

#[Scalar(use_type_description)]
impl ScalarType for Int64 {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::Number(number) => number.as_i64().map(Self),
            _ => None,
        }
        .ok_or_else(|| InputValueError::expected_type(value))
    }

    fn to_value(&self) -> Value {
        Value::from(self.0)
    }
}

/// One of our ids; text that is none names nothing that exists.
pub fn id<T: FromStr>(id: &ID) -> Option<T> {
    id.parse().ok()
}
