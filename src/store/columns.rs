//! How our own types stand in columns: words as text, structures as JSON.

use std::{cell::RefCell, io};

use sea_orm::{
    ColIdx, DbErr, QueryResult, TryGetError, TryGetable, Value,
    sea_query::{ArrayType, ColumnType, Nullable, StringLen, ValueType, ValueTypeErr},
};
use serde::{Serialize, de::DeserializeOwned};
use zstd::bulk::Compressor;

use crate::domain::{
    exception::{ExceptionKind, ExceptionStatus},
    fulfilment::{FulfillmentStatus, ShipmentState},
    intent::{IntentKind, IntentOutcome},
    matching::{KeyKind, ProposalStatus},
    money::Currency,
    order::{DeliveryMethod, FinancialStatus, FulfillmentOrderStatus, OrderStatus},
    purchase_order::PurchaseOrderStatus,
    shop::ShopStatus,
    supplier::{ConnectorKind, RejectReason},
    sweep::{SweepOrigin, SweepPhase},
    what_if::WhatIfState,
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
    FulfillmentStatus, IntentKind, IntentOutcome, KeyKind, OrderStatus, ProposalStatus, PurchaseOrderStatus,
    RejectReason, ShipmentState,
    ShopStatus, SweepOrigin, SweepPhase, WhatIfState, super::allocations::AllocationStatus, super::deliveries::DeliveryStatus,
    super::jobs::JobState, super::jobs::WaitsFor, super::memberships::Role,
}

text_columns! {
    Currency: |currency| currency.code(), Currency::parse;
}

/// Needed of every part of a primary key; a word never comes from a counter.
impl sea_orm::TryFromU64 for KeyKind {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(DbErr::ConvertFromU64("KeyKind"))
    }
}

/// Bytes that are kept compressed where that pays. The first byte says how.
#[derive(Clone, PartialEq, Eq)]
pub struct Packed(Vec<u8>);

/// Below this, compression saves less than it costs.
const LEAST_PACKED: usize = 512;
/// Above this, room is taken as it is needed and not at once for what cannot be compressed.
const LARGE: usize = 256 * 1024;
const AS_IS: u8 = 0;
const ZSTD: u8 = 1;
/// The quickest of zstd's ordinary levels: most of the gain for a fraction of the time.
const LEVEL: i32 = 1;

thread_local! {
    /// To make one takes as long as to compress a small body.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
}

fn compress(bytes: &[u8]) -> io::Result<Vec<u8>> {
    if bytes.len() > LARGE {
        return zstd::stream::encode_all(bytes, LEVEL);
    }
    COMPRESSOR.with_borrow_mut(|kept| {
        let compressor = match kept {
            Some(compressor) => compressor,
            None => kept.insert(Compressor::new(LEVEL)?),
        };
        compressor.compress(bytes)
    })
}

impl Packed {
    /// Compresses, where that pays.
    #[must_use]
    pub fn pack(bytes: &[u8]) -> Self {
        if bytes.len() >= LEAST_PACKED
            && let Ok(small) = compress(bytes)
            && small.len() < bytes.len()
        {
            return Self([&[ZSTD], small.as_slice()].concat());
        }
        Self([&[AS_IS], bytes].concat())
    }

    /// The bytes as they were.
    ///
    /// # Errors
    /// [`DbErr::Type`] when the column holds something else.
    pub fn unpack(&self) -> Result<Vec<u8>, DbErr> {
        match self.0.split_first() {
            Some((&AS_IS, bytes)) => Ok(bytes.to_vec()),
            Some((&ZSTD, small)) => {
                zstd::stream::decode_all(small).map_err(|error| DbErr::Type(format!("a packed column: {error}")))
            }
            _ => Err(DbErr::Type("a packed column says nothing about its packing".to_owned())),
        }
    }

    /// As it is stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Bytes that it takes in the database.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.len() <= 1
    }
}

/// Bodies hold customer data: none of it in a log.
impl std::fmt::Debug for Packed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Packed({} bytes)", self.0.len())
    }
}

impl From<Packed> for Value {
    fn from(packed: Packed) -> Self {
        Value::Bytes(Some(packed.0))
    }
}

impl TryGetable for Packed {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        Vec::<u8>::try_get_by(row, index).map(Self)
    }
}

impl ValueType for Packed {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        match value {
            Value::Bytes(Some(bytes)) => Ok(Self(bytes)),
            _ => Err(ValueTypeErr),
        }
    }
    fn type_name() -> String {
        "Packed".to_owned()
    }
    fn array_type() -> ArrayType {
        ArrayType::Bytes
    }
    fn column_type() -> ColumnType {
        ColumnType::Blob
    }
}

impl Nullable for Packed {
    fn null() -> Value {
        Value::Bytes(None)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_and_gives_back() {
        for bytes in [
            Vec::new(),
            vec![7; 100],
            vec![7; 100_000],
            (0..=255).cycle().take(5000).collect(),
        ] {
            let packed = Packed::pack(&bytes);
            assert_eq!(packed.unpack().expect("unpacks"), bytes);
            assert!(packed.len() <= bytes.len() + 1);
        }
        assert!(Packed::pack(&vec![7; 100_000]).len() < 1000);
        for wrong in [Vec::new(), vec![9, 1], vec![ZSTD, 1, 2]] {
            assert!(Packed(wrong).unpack().is_err());
        }
    }
}
