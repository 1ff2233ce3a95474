//! From the bytes of an HTTP answer to a typed [`Answer`] or a classified [`ApiError`]. Pure, so
//! that every shape of failure can be tested without a server.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::error::{ApiError, GraphqlError, Trouble};
use super::scalars::Unusable;
use crate::domain::throttle::{Cost, ThrottleStatus, restore_time};

/// What a successful call gave, and what it cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer<T> {
    pub data: T,
    /// For the shop's budget; of the last call where several were needed.
    pub cost: Option<Cost>,
    /// The fields that Shopify left empty because access to them is missing, such as an address
    /// without the protected-data approval.
    pub withheld: Vec<String>,
    /// When Shopify answered, by its own clock, to the second.
    pub at: Option<DateTime<Utc>>,
}

impl<T> Answer<T> {
    pub(super) fn try_map<U, E: Into<ApiError>>(
        self,
        change: impl FnOnce(T) -> Result<U, E>,
    ) -> Result<Answer<U>, ApiError> {
        Ok(Answer {
            data: change(self.data).map_err(Into::into)?,
            cost: self.cost,
            withheld: self.withheld,
            at: self.at,
        })
    }
}

/// Longest piece of Shopify's own wording that goes into an error.
const MESSAGE_CHARS: usize = 300;
const DEFAULT_BACK_OFF: Duration = Duration::from_secs(1);

/// What an HTTP status other than 200 means.
pub(super) fn refusal(status: StatusCode, retry_after: Option<Duration>, body: &[u8], is_mutation: bool) -> ApiError {
    match status.as_u16() {
        401 => ApiError::Unauthorized,
        402 | 423 => ApiError::ShopLocked {
            code: status.as_str().to_owned(),
        },
        403 => ApiError::AccessDenied { hint: own_words(body) },
        429 | 430 => ApiError::Throttled {
            retry_after: retry_after.unwrap_or(DEFAULT_BACK_OFF),
            status: None,
        },
        code @ (408 | 500..=599) => lost(Trouble::ServerError(code), retry_after, is_mutation),
        code => ApiError::Refused { status: code },
    }
}

/// What Shopify says of a refusal: for one, that it wants expiring tokens.
fn own_words(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Refusal {
        errors: String,
    }
    match serde_json::from_slice::<Refusal>(body) {
        Ok(refusal) => shorten(&refusal.errors),
        Err(_) => "HTTP 403: the kind of the token or its scopes are not accepted".to_owned(),
    }
}

/// A call that was sent and has no clear answer.
pub(super) fn lost(trouble: Trouble, retry_after: Option<Duration>, is_mutation: bool) -> ApiError {
    if is_mutation {
        return ApiError::OutcomeUnknown { why: trouble };
    }
    ApiError::Unavailable {
        why: trouble,
        retry_after,
    }
}

/// Reads the body of an HTTP 200.
pub(super) fn read<T: DeserializeOwned>(body: &[u8], is_mutation: bool) -> Result<Answer<T>, ApiError> {
    let envelope: Envelope = match serde_json::from_slice(body) {
        Ok(envelope) => envelope,
        Err(error) => return Err(unreadable(place(&error), is_mutation)),
    };
    let cost = envelope.extensions.cost.as_ref().and_then(CostWire::read);
    let executed = envelope.executed();
    if !envelope.errors.is_empty() {
        envelope.judge(executed, cost, is_mutation)?;
    }
    let withheld = envelope.errors.iter().map(ErrorWire::place).collect();
    let Some(data) = envelope.data else {
        return Err(unreadable("neither data nor errors".to_owned(), is_mutation));
    };
    let data = serde_json::from_value(data).map_err(|error| unreadable(place(&error), is_mutation))?;
    Ok(Answer {
        data,
        cost,
        withheld,
        at: None,
    })
}

/// An answer came that tells nothing.
fn unreadable(why: String, is_mutation: bool) -> ApiError {
    if is_mutation {
        lost(Trouble::Unreadable(why), None, true)
    } else {
        ApiError::BadAnswer(Unusable(why))
    }
}

/// What is wrong and where. Of the parser's messages only the one about a
/// missing field is safe: the others quote the answer, which holds customer data.
fn place(error: &serde_json::Error) -> String {
    let message = error.to_string();
    if message.starts_with("missing field") {
        return shorten(&message);
    }
    let (line, column) = (error.line(), error.column());
    format!("{:?} error at line {line} column {column}", error.classify())
}

#[derive(Deserialize)]
struct Envelope {
    /// Absent when nothing was executed, `null` when execution failed.
    #[serde(default, deserialize_with = "present")]
    data: Option<Value>,
    #[serde(default, deserialize_with = "errors")]
    errors: Vec<ErrorWire>,
    #[serde(default)]
    extensions: Extensions,
}

impl Envelope {
    /// Is there a result? Each operation has one root field.
    fn executed(&self) -> bool {
        match &self.data {
            Some(Value::Object(fields)) => fields.values().any(|value| !value.is_null()),
            _ => false,
        }
    }

    /// Do the errors spoil the answer? A mutation with a result was executed, whatever else went
    /// wrong. A read may lack what access is missing to, and nothing else: absent data would be
    /// taken for the truth.
    fn judge(&self, executed: bool, cost: Option<Cost>, is_mutation: bool) -> Result<(), ApiError> {
        let only_denied = self.errors.iter().all(|error| error.is("ACCESS_DENIED"));
        if executed && (is_mutation || only_denied) {
            return Ok(());
        }
        Err(self.failure(cost, is_mutation))
    }

    fn failure(&self, cost: Option<Cost>, is_mutation: bool) -> ApiError {
        let any = |code| self.errors.iter().find(|error| error.is(code));
        if any("THROTTLED").is_some() {
            return throttled(cost);
        }
        if any("SHOP_INACTIVE").is_some() {
            return ApiError::ShopLocked {
                code: "SHOP_INACTIVE".to_owned(),
            };
        }
        if any("INTERNAL_SERVER_ERROR").is_some() || any("TIMEOUT").is_some() {
            return lost(Trouble::InternalError, None, is_mutation);
        }
        if let Some(denied) = any("ACCESS_DENIED") {
            return ApiError::AccessDenied { hint: denied.hint() };
        }
        // `data` is there, so execution began, and Shopify does not say how it ended.
        if is_mutation && self.data.is_some() {
            return lost(Trouble::InternalError, None, true);
        }
        ApiError::Graphql(self.errors.iter().map(ErrorWire::to_error).collect())
    }
}

fn throttled(cost: Option<Cost>) -> ApiError {
    let wait = cost.map_or(DEFAULT_BACK_OFF, |cost| {
        let wanted = cost.requested.min(cost.status.maximum);
        let missing = wanted.saturating_sub(cost.status.available);
        restore_time(missing, cost.status.restore_per_second)
    });
    ApiError::Throttled {
        retry_after: wait,
        status: cost.map(|cost| cost.status),
    }
}

#[derive(Deserialize)]
struct ErrorWire {
    #[serde(default)]
    message: String,
    #[serde(default)]
    path: Vec<Value>,
    #[serde(default)]
    extensions: ErrorExtensions,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ErrorExtensions {
    code: Option<String>,
    required_access: Option<String>,
}

impl ErrorWire {
    fn is(&self, code: &str) -> bool {
        self.extensions.code.as_deref() == Some(code)
    }

    fn hint(&self) -> String {
        shorten(self.extensions.required_access.as_deref().unwrap_or(&self.message))
    }

    /// Where in the answer, as `order.shippingAddress`.
    fn place(&self) -> String {
        let steps = self.path.iter().map(|step| match step {
            Value::String(name) => name.clone(),
            other => other.to_string(),
        });
        steps.collect::<Vec<_>>().join(".")
    }

    fn to_error(&self) -> GraphqlError {
        GraphqlError {
            code: self.extensions.code.clone(),
            message: shorten(&self.message),
        }
    }
}

pub(super) fn shorten(text: &str) -> String {
    text.chars().take(MESSAGE_CHARS).collect()
}

#[derive(Default, Deserialize)]
struct Extensions {
    cost: Option<CostWire>,
}

/// Shopify writes these as whole floats.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CostWire {
    requested_query_cost: Option<f64>,
    actual_query_cost: Option<f64>,
    throttle_status: Option<StatusWire>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StatusWire {
    maximum_available: f64,
    currently_available: f64,
    restore_rate: f64,
}

impl CostWire {
    fn read(&self) -> Option<Cost> {
        let status = self.throttle_status.as_ref()?;
        Some(Cost {
            requested: points(self.requested_query_cost?),
            actual: self.actual_query_cost.map(points),
            status: ThrottleStatus {
                maximum: points(status.maximum_available),
                available: points(status.currently_available),
                restore_per_second: points(status.restore_rate),
            },
        })
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` clamps a float to the range of the integer, which is what is wanted here"
)]
fn points(value: f64) -> u32 {
    value.floor() as u32
}

fn present<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(input).map(Some)
}

/// Usually a list of objects; some refusals carry one text.
fn errors<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<ErrorWire>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Wire {
        List(Vec<ErrorWire>),
        Text(String),
    }
    Ok(match Wire::deserialize(input)? {
        Wire::List(list) => list,
        Wire::Text(message) => vec![ErrorWire {
            message,
            path: Vec::new(),
            extensions: ErrorExtensions::default(),
        }],
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::error::Outcome;
    use super::*;

    const COST: &str = r#"{"requestedQueryCost":452,"actualQueryCost":12,"throttleStatus":
        {"maximumAvailable":2000.0,"currentlyAvailable":1988,"restoreRate":100.0}}"#;

    fn parse(body: &Value, is_mutation: bool) -> Result<Answer<Value>, ApiError> {
        read(body.to_string().as_bytes(), is_mutation)
    }

    fn error(code: &str) -> Value {
        json!({"message": "no", "extensions": {"code": code, "requiredAccess": "`read_orders`"}})
    }

    #[test]
    fn reads_data_and_cost() {
        let cost: Value = serde_json::from_str(COST).unwrap();
        let body = json!({"data": {"shop": {"id": "1"}}, "extensions": {"cost": cost}});
        let answer = parse(&body, false).unwrap();
        assert_eq!(answer.data, json!({"shop": {"id": "1"}}));
        let cost = answer.cost.unwrap();
        assert_eq!((cost.requested, cost.actual), (452, Some(12)));
        assert_eq!((cost.status.maximum, cost.status.available), (2000, 1988));
    }

    #[test]
    fn throttled_says_how_long_to_wait() {
        let body = json!({"errors": [error("THROTTLED")], "extensions": {"cost": {
            "requestedQueryCost": 452, "actualQueryCost": null, "throttleStatus":
            {"maximumAvailable": 2000, "currentlyAvailable": 52, "restoreRate": 100}}}});
        for is_mutation in [false, true] {
            let error = parse(&body, is_mutation).unwrap_err();
            assert_eq!(error.outcome(), Outcome::After(Duration::from_secs(4)));
        }
    }

    #[test]
    fn classifies_failures_by_what_may_have_happened() {
        use Outcome::{Later, Never, Unknown};
        let empty = json!({"m": null});
        let table = [
            (json!({"errors": [error("ACCESS_DENIED")], "data": null}), Never, Never),
            (json!({"errors": [error("ACCESS_DENIED")], "data": empty}), Never, Never),
            (json!({"errors": [error("MAX_COST_EXCEEDED")]}), Never, Never),
            (json!({"errors": [error("undefinedField")]}), Never, Never),
            (json!({"errors": "Not Found"}), Never, Never),
            (json!({"errors": [error("SHOP_INACTIVE")]}), Later, Later),
            (json!({"errors": [error("INTERNAL_SERVER_ERROR")]}), Later, Unknown),
            (json!({"errors": [{"message": "odd"}], "data": null}), Never, Unknown),
            (
                json!({"errors": [{"message": "odd"}], "data": {"m": {"x": 1}}}),
                Never,
                Never,
            ),
            (json!([]), Later, Unknown),
            (json!({"data": 7, "errors": 7}), Later, Unknown),
        ];
        for (body, read, mutation) in table {
            assert_eq!(parse(&body, false).unwrap_err().outcome(), read, "read {body}");
            match parse(&body, true) {
                Err(error) => assert_eq!(error.outcome(), mutation, "mutation {body}"),
                // A result beside an error: it was executed.
                Ok(answer) => assert_eq!(answer.data, json!({"m": {"x": 1}})),
            }
        }
    }

    #[test]
    fn a_read_survives_withheld_fields() {
        let body = json!({
            "data": {"order": {"id": "1", "email": null}},
            "errors": [{"message": "not approved", "path": ["order", "email"],
                        "extensions": {"code": "ACCESS_DENIED"}}]
        });
        let answer = parse(&body, false).unwrap();
        assert_eq!(answer.withheld, ["order.email"]);
    }

    #[test]
    fn an_unreadable_answer_is_not_quoted() {
        let error = read::<u8>(br#"{"data": "jane@example.com"}"#, false).unwrap_err();
        assert!(!error.to_string().contains("jane"), "{error}");
        assert_eq!(error.outcome(), Outcome::Later);
        let error = read::<u8>(br#"{"data": "jane@example.com"}"#, true).unwrap_err();
        assert_eq!(error.outcome(), Outcome::Unknown);
    }

    proptest! {
        /// Whatever comes back, a change without a readable result stays unknown.
        #[test]
        fn noise_never_passes_for_an_outcome(body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            "[\\[{\"a-z:,0-9\\]}]{0,60}".prop_map(String::into_bytes),
        ]) {
            #[derive(Debug, serde::Deserialize)]
            struct Payload { _made: u8 }
            let change = read::<Payload>(&body, true).map(|_| ());
            prop_assert_eq!(change.unwrap_err().outcome(), Outcome::Unknown);
            let reading = read::<Payload>(&body, false).map(|_| ());
            prop_assert_eq!(reading.unwrap_err().outcome(), Outcome::Later);
        }
    }

    #[test]
    fn classifies_http_statuses() {
        use Outcome::{After, Later, Never, Unknown};
        let wait = Duration::from_secs(7);
        let table = [
            (401, Later, Later),
            (402, Later, Later),
            (403, Never, Never),
            (404, Never, Never),
            (308, Never, Never),
            (423, Later, Later),
            (429, After(wait), After(wait)),
            (430, After(wait), After(wait)),
            (408, After(wait), Unknown),
            (500, After(wait), Unknown),
            (503, After(wait), Unknown),
        ];
        for (code, read, mutation) in table {
            let status = StatusCode::from_u16(code).unwrap();
            for (is_mutation, expect) in [(false, read), (true, mutation)] {
                let error = refusal(status, Some(wait), b"", is_mutation);
                assert_eq!(error.outcome(), expect, "{code} mutation={is_mutation}");
            }
        }
        let body = br#"{"errors": "Start using expiring offline tokens."}"#;
        let error = refusal(StatusCode::FORBIDDEN, None, body, true);
        assert!(error.to_string().contains("expiring offline tokens"), "{error}");
    }
}
