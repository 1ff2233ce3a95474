//! The API's description, generated from the handlers and committed as
//! `docs/supplier-v1.openapi.json`.

use axum::Json;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        ObjectBuilder, RefOr, Schema,
        schema::{SchemaType, Type},
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::{acknowledgements, cancellation, inventory, purchase_orders, shipments, tracking};
use crate::domain::supplier::RejectReason;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Orderyard supplier API",
        version = "1",
        description = "For suppliers' own systems: read purchase orders, acknowledge, ship, answer \
            cancellations, set stock. How we call you is in the contract, \
            docs/supplier-contract.md.\n\nEvery call can be repeated without harm. Unknown fields \
            are ignored; a wrong type is refused with the field's name. Failures are problem \
            documents (RFC 9457) with a stable `code`. Each key may call 50 times a second, 200 \
            times in a burst; beyond that the answer is 429 with `Retry-After`. A 503 means: try \
            again after `Retry-After`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    paths(
        purchase_orders::list,
        purchase_orders::read,
        acknowledgements::acknowledge,
        shipments::ship,
        tracking::correct,
        cancellation::answer,
        inventory::put_inventory,
    ),
    security(("key" = [])),
    modifiers(&KeyScheme),
)]
struct SupplierApi;

/// `GET openapi.json`, open to everyone.
pub async fn serve() -> Json<utoipa::openapi::OpenApi> {
    Json(SupplierApi::openapi())
}

/// The document as it is committed.
///
/// # Errors
/// None that the tests would let through.
pub fn document() -> Result<String, serde_json::Error> {
    SupplierApi::openapi().to_pretty_json().map(|json| json + "\n")
}

struct KeyScheme;

impl Modify for KeyScheme {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A key that the shop or the operator made for you."))
            .build();
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("key", SecurityScheme::Http(scheme));
    }
}

/// The words of [`RejectReason`], from their one list.
pub fn reject_reason() -> RefOr<Schema> {
    let words: Vec<&str> = RejectReason::ALL.iter().map(|reason| reason.as_str()).collect();
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .enum_values(Some(words.into_iter().map(Some).chain([None])))
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_document_is_the_code_s() {
        assert!(
            document().expect("writes") == include_str!("../../../docs/supplier-v1.openapi.json"),
            "docs/supplier-v1.openapi.json is out of date: run `make schema`"
        );
    }
}
