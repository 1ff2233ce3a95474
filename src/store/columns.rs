//! How our own types stand in columns: words as text, structures as JSON.

use sea_orm::{
    ColIdx, DbErr, QueryResult, TryGetError, TryGetable, Value,
    sea_query::{ArrayType, ColumnType, Nullable, StringLen, ValueType, ValueTypeErr},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::domain::{
    exception::{ExceptionKind, ExceptionStatus},
    fulfilment::{FulfillmentStatus, ShipmentState},
    intent::{IntentKind, IntentOutcome},
    money::Currency,
    order::{DeliveryMethod, FinancialStatus, FulfillmentOrderStatus, OrderStatus},
    purchase_order::PurchaseOrderStatus,
    shop::ShopStatus,
    supplier::{ConnectorKind, RejectReason},
};

/// Types that are read and written as one word of text.
macro_rules! text_columns {
    ($($ty:ty: $write:expr, $read:expr;)+) => {$(
        impl From<$ty> for Value {
            fn from(value: $ty) -> Self {
                let write: fn(&$ty) -> &str = $write;
                Value::String(Some(write(&value).to_owned()))
            }
        }
        impl TryGetable for $ty {
            fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
                let text = String::try_get_by(row, index)?;
                $read(&text).map_err(|error| TryGetError::DbErr(DbErr::Type(error.to_string())))
            }
        }
        impl ValueType for $ty {
            fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
                match value {
                    Value::String(Some(text)) => $read(&text).map_err(|_| ValueTypeErr),
                    _ => Err(ValueTypeErr),
                }
            }
            fn type_name() -> String {
                stringify!($ty).to_owned()
            }
            fn array_type() -> ArrayType {
                ArrayType::String
            }
            fn column_type() -> ColumnType {
                ColumnType::String(StringLen::None)
            }
        }
        impl Nullable for $ty {
            fn null() -> Value {
                Value::String(None)
            }
        }
    )+};
}

macro_rules! word_columns {
    ($($ty:ty,)+) => { text_columns! { $($ty: |word| word.as_str(), |text: &str| text.parse::<$ty>();)+ } };
}

word_columns! {
    ConnectorKind, DeliveryMethod, ExceptionKind, ExceptionStatus, FinancialStatus, FulfillmentOrderStatus,
    FulfillmentStatus, IntentKind, IntentOutcome, OrderStatus, PurchaseOrderStatus, RejectReason, ShipmentState,
    ShopStatus, super::allocations::AllocationStatus, super::deliveries::DeliveryStatus, super::jobs::JobState,
    super::memberships::Role,
}

text_columns! {
    Currency: |currency| currency.code(), Currency::parse;
}

/// A structure kept as JSON; the database never looks inside.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Json<T>(pub T);

impl<T: Serialize> From<Json<T>> for Value {
    fn from(json: Json<T>) -> Self {
        // Only maps with non-text keys can fail, and none of ours has any.
        Value::Json(Some(Box::new(serde_json::to_value(json.0).unwrap_or_default())))
    }
}

impl<T: DeserializeOwned> TryGetable for Json<T> {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        let value = serde_json::Value::try_get_by(row, index)?;
        serde_json::from_value(value)
            .map(Self)
            .map_err(|error| TryGetError::DbErr(DbErr::Json(error.to_string())))
    }
}

impl<T: DeserializeOwned> ValueType for Json<T> {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        match value {
            Value::Json(Some(json)) => serde_json::from_value(*json).map(Self).map_err(|_| ValueTypeErr),
            _ => Err(ValueTypeErr),
        }
    }
    fn type_name() -> String {
        "Json".to_owned()
    }
    fn array_type() -> ArrayType {
        ArrayType::Json
    }
    fn column_type() -> ColumnType {
        ColumnType::JsonBinary
    }
}

impl<T> Nullable for Json<T> {
    fn null() -> Value {
        Value::Json(None)
    }
}
