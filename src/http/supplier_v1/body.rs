//! Reads JSON bodies: bounded, and with the name of the field that is wrong.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
};
use serde::de::DeserializeOwned;

use super::problem::Failure;
use crate::{actions::supplier_report::ReportError, app::App, body, error::AppError};

/// Far above the largest sensible body, which is an inventory of 1000 offers.
const MAX_BYTES: usize = 256 * 1024;

/// A body of the right form.
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for JsonBody<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _app: &App) -> Result<Self, Self::Rejection> {
        let bytes = body::read(request.into_body(), MAX_BYTES).await?;
        if body::holds_nul(&bytes) {
            let message = "no text may hold the character U+0000".to_owned();
            return Err(AppError::Invalid { field: None, message }.into());
        }
        Ok(Self(read(&bytes)?))
    }
}

fn read<T: DeserializeOwned>(bytes: &Bytes) -> Result<T, AppError> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let field = error.path().to_string();
        let problem = error.into_inner();
        if problem.is_data() {
            ReportError::Invalid {
                field: if field == "." { "body".to_owned() } else { field },
                problem: format!("cannot be used: {problem}"),
            }
            .into()
        } else {
            AppError::Invalid {
                field: None,
                message: format!("the body is not JSON: {problem}"),
            }
        }
    })?;
    deserializer.end().map_err(|_| AppError::Invalid {
        field: None,
        message: "the body is not JSON: something follows its end".to_owned(),
    })?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Outer {
        lines: Vec<Inner>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Inner {
        quantity: u32,
    }

    fn check(body: &'static str, status: u16, field: Option<&str>) {
        let error = read::<Outer>(&Bytes::from_static(body.as_bytes())).expect_err(body);
        assert_eq!(error.status().as_u16(), status, "{body}");
        assert_eq!(error.field(), field, "{body}");
    }

    #[test]
    fn names_the_field_that_is_wrong() {
        check(
            r#"{"lines": [{"quantity": 1}, {"quantity": "2"}]}"#,
            422,
            Some("lines[1].quantity"),
        );
        check(r#"{"lines": [{"quantity": 1.5}]}"#, 422, Some("lines[0].quantity"));
        check(r#"{"lines": [{"quantity": -1}]}"#, 422, Some("lines[0].quantity"));
        check(r#"{"lines": [{}]}"#, 422, Some("lines[0]"));
        check("{}", 422, Some("body"));
        check("[]", 422, Some("body"));
        check("{", 400, None);
        check("", 400, None);
        check(r#"{"lines": []} {}"#, 400, None);
    }

    #[test]
    fn ignores_unknown_fields() {
        let body = Bytes::from_static(br#"{"lines": [{"quantity": 1, "colour": "red"}], "later": true}"#);
        let expect = Outer {
            lines: vec![Inner { quantity: 1 }],
        };
        assert_eq!(read::<Outer>(&body).expect("good"), expect);
    }
}
