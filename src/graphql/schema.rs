//! The schema: every noun's part put together, with its limits.

use std::sync::Arc;

use async_graphql::{
    EmptySubscription, MergedObject, SDLExportOptions, ServerError, ServerResult, Variables,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextParseQuery},
    parser::types::{ExecutableDocument, Selection, SelectionSet},
};
use async_trait::async_trait;

use super::{
    costs::CostMutation,
    dead_letters::{DeadLetterMutation, DeadLetterQuery},
    exceptions::{ExceptionMutation, ExceptionQuery},
    invitations::{InvitationMutation, InvitationQuery},
    matching::{MatchMutation, MatchQuery},
    offers::{OfferMutation, OfferQuery},
    orders::{OrderMutation, OrderQuery},
    portal::PortalMutation,
    purchase_orders::{PurchaseOrderMutation, PurchaseOrderQuery},
    rules::{RuleMutation, RuleQuery},
    sessions::{SessionMutation, SessionQuery},
    shops::{ShopMutation, ShopQuery},
    suppliers::{SupplierMutation, SupplierQuery},
    variants::{MappingMutation, VariantQuery},
    what_if::WhatIfQuery,
    what_if_draft::WhatIfMutation,
};
use crate::app::App;

/// As deep as a query may go; what asks for the schema itself needs 15.
const MOST_DEPTH: usize = 16;

/// What a query may weigh: about as many values as it could answer with.
const MOST_COMPLEXITY: usize = 50_000;

/// How deep selections may nest before they are even read.
const MOST_NESTED: usize = 32;

const MOST_DIRECTIVES: usize = 10;

/// How many fields an operation may begin with, under aliases or not.
const MOST_ROOTS: usize = 20;

#[derive(Default, MergedObject)]
pub struct Query(
    SessionQuery,
    ShopQuery,
    OrderQuery,
    ExceptionQuery,
    SupplierQuery,
    OfferQuery,
    VariantQuery,
    MatchQuery,
    PurchaseOrderQuery,
    InvitationQuery,
    DeadLetterQuery,
    RuleQuery,
    WhatIfQuery,
);

#[derive(Default, MergedObject)]
pub struct Mutation(
    SessionMutation,
    InvitationMutation,
    ShopMutation,
    SupplierMutation,
    OfferMutation,
    MappingMutation,
    MatchMutation,
    OrderMutation,
    ExceptionMutation,
    PurchaseOrderMutation,
    PortalMutation,
    DeadLetterMutation,
    CostMutation,
    RuleMutation,
    WhatIfMutation,
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
        .extension(RootLimit)
}

/// Refuses operations that ask for too many things at once: a field of the root
/// costs a call, such as a sign-in, however light its answer is.
struct RootLimit;

impl ExtensionFactory for RootLimit {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait]
impl Extension for RootLimit {
    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        let document = next.run(ctx, query, variables).await?;
        for (_, operation) in document.operations.iter() {
            let roots = count_roots(&document, &operation.node.selection_set.node, 0);
            if roots > MOST_ROOTS {
                let message = format!("a query may begin with at most {MOST_ROOTS} fields");
                return Err(ServerError::new(message, Some(operation.pos)));
            }
        }
        Ok(document)
    }
}

/// Counts the fields of a selection and of the fragments in it, on top of those
/// counted before; a fragment counts too, so that a circle of them ends.
fn count_roots(document: &ExecutableDocument, set: &SelectionSet, mut counted: usize) -> usize {
    for item in &set.items {
        counted += 1;
        if counted > MOST_ROOTS {
            break;
        }
        let inner = match &item.node {
            Selection::Field(_) => continue,
            Selection::InlineFragment(fragment) => Some(&fragment.node.selection_set.node),
            Selection::FragmentSpread(spread) => document
                .fragments
                .get(&spread.node.fragment_name.node)
                .map(|fragment| &fragment.node.selection_set.node),
        };
        if let Some(inner) = inner {
            counted = count_roots(document, inner, counted);
        }
    }
    counted
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
