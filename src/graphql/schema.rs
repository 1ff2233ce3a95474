//! The schema: every noun's part put together, with its limits.

use async_graphql::{EmptySubscription, MergedObject, SDLExportOptions};

use super::{
    exceptions::{ExceptionMutation, ExceptionQuery},
    invitations::{InvitationMutation, InvitationQuery},
    offers::{OfferMutation, OfferQuery},
    orders::{OrderMutation, OrderQuery},
    portal::PortalMutation,
    purchase_orders::{PurchaseOrderMutation, PurchaseOrderQuery},
    sessions::{SessionMutation, SessionQuery},
    shops::{ShopMutation, ShopQuery},
    suppliers::{SupplierMutation, SupplierQuery},
    variants::{MappingMutation, VariantQuery},
};
use crate::app::App;

/// As deep as a query may go; what asks for the schema itself needs 15.
const MOST_DEPTH: usize = 16;

/// What a query may weigh: about as many values as it could answer with.
const MOST_COMPLEXITY: usize = 50_000;

/// How deep selections may nest before they are even read.
const MOST_NESTED: usize = 32;

const MOST_DIRECTIVES: usize = 10;

#[derive(Default, MergedObject)]
pub struct Query(
    SessionQuery,
    ShopQuery,
    OrderQuery,
    ExceptionQuery,
    SupplierQuery,
    OfferQuery,
    VariantQuery,
    PurchaseOrderQuery,
    InvitationQuery,
);

#[derive(Default, MergedObject)]
pub struct Mutation(
    SessionMutation,
    InvitationMutation,
    ShopMutation,
    SupplierMutation,
    OfferMutation,
    MappingMutation,
    OrderMutation,
    ExceptionMutation,
    PurchaseOrderMutation,
    PortalMutation,
);

pub type Schema = async_graphql::Schema<Query, Mutation, EmptySubscription>;

/// The schema over a running program.
pub fn build(app: &App) -> Schema {
    builder().data(app.clone()).finish()
}

/// The contract that `frontend/schema.graphql` holds.
#[must_use]
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .prefer_single_line_descriptions()
        .use_space_ident()
        .indent_width(2);
    builder().finish().sdl_with_options(options)
}

fn builder() -> async_graphql::SchemaBuilder<Query, Mutation, EmptySubscription> {
    async_graphql::Schema::build(Query::default(), Mutation::default(), EmptySubscription)
        .limit_depth(MOST_DEPTH)
        .limit_complexity(MOST_COMPLEXITY)
        .limit_recursive_depth(MOST_NESTED)
        .limit_directives(MOST_DIRECTIVES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_contract_is_the_code() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/frontend/schema.graphql");
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            committed == sdl(),
            "frontend/schema.graphql is not what the code says: run make schema"
        );
    }
}
