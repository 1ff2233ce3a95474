//! Owns: Shopify's ids in all their spellings: number, decimal string, global id.
//! Leaves to `payload`: which field must hold one.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, Visitor};

use crate::PayloadError;

/// Whatever stood where an id is expected. Reading one never fails, so that no parser message can
/// repeat what stood there; asking for the id does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum RawId {
    #[default]
    Absent,
    Unusable,
    Number(u64),
    Global {
        kind: String,
        number: u64,
    },
}

impl RawId {
    /// The id, `None` if absent, an error if something else or another kind of object stands there.
    pub(super) fn of(&self, kind: &str, field: &'static str) -> Result<Option<u64>, PayloadError> {
        match self {
            RawId::Absent => Ok(None),
            RawId::Number(number) => Ok(Some(*number)),
            RawId::Global { kind: found, number } if found == kind => Ok(Some(*number)),
            RawId::Global { .. } | RawId::Unusable => Err(PayloadError::BadId(field)),
        }
    }

    pub(super) fn required(&self, kind: &str, field: &'static str) -> Result<u64, PayloadError> {
        self.of(kind, field)?.ok_or(PayloadError::Missing(field))
    }

    fn from_number(number: u64) -> RawId {
        // Zero is no id, and the rest must fit the database's signed column.
        if number == 0 || i64::try_from(number).is_err() {
            RawId::Unusable
        } else {
            RawId::Number(number)
        }
    }

    fn from_text(text: &str) -> RawId {
        let Some(path) = text.strip_prefix("gid://shopify/") else {
            return from_digits(text);
        };
        let Some((kind, rest)) = path.split_once('/') else {
            return RawId::Unusable;
        };
        // Some global ids carry parameters: gid://shopify/InventoryLevel/1?inventory_item_id=2
        let digits = rest.split_once('?').map_or(rest, |(digits, _)| digits);
        match from_digits(digits) {
            RawId::Number(number) => RawId::Global {
                kind: kind.to_owned(),
                number,
            },
            other => other,
        }
    }
}

fn from_digits(text: &str) -> RawId {
    // `parse` alone would take a leading plus sign.
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return RawId::Unusable;
    }
    text.parse().map_or(RawId::Unusable, RawId::from_number)
}

impl<'de> Deserialize<'de> for RawId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RawId, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = RawId;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an id")
    }

    fn visit_unit<E: de::Error>(self) -> Result<RawId, E> {
        Ok(RawId::Absent)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<RawId, E> {
        Ok(RawId::from_number(number))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<RawId, E> {
        Ok(RawId::from_text(text))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<RawId, E> {
        Ok(RawId::Unusable)
    }

    /// Also what becomes of whole numbers beyond 64 bits: their last digits are lost already.
    fn visit_f64<E: de::Error>(self, _: f64) -> Result<RawId, E> {
        Ok(RawId::Unusable)
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<RawId, E> {
        Ok(RawId::Unusable)
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<RawId, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(RawId::Unusable)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut entries: A) -> Result<RawId, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(RawId::Unusable)
    }
}
