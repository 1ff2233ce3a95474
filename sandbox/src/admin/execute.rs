//! From a parsed request to an answer: validate, price, take from the bucket, execute under the
//! shop's lock, give back what was not used, report the cost.

use apollo_compiler::{
    ExecutableDocument,
    request::coerce_variable_values,
    resolvers::Execution,
    response::{GraphQLError, JsonMap, serde_json_bytes},
    validation::Valid,
};
use serde_json::{Value, json};

use super::{
    Request,
    cost::Pricing,
    node::{Bound, Ctx, Node},
    schema::ApiSchema,
};
use crate::{scopes::Scopes, shop::Shop, shopify::lock};

const MAX_COST: u32 = 1000;
const RATE_LIMITS: &str = "https://shopify.dev/api/usage/rate-limits";

/// The body of the answer, which is 200 whatever happened.
pub(crate) fn execute(shop: &Shop, scopes: &Scopes, version: &str, api: &ApiSchema, request: &Request) -> Value {
    let document = match &request.checked.valid {
        Ok(document) => document,
        Err(errors) => return json!({ "errors": errors }),
    };
    let operation = match document.operations.get(request.operation.as_deref()) {
        Ok(operation) => operation,
        Err(error) => return json!({ "errors": [error.to_graphql_error(&document.sources)] }),
    };
    let given: JsonMap = match serde_json_bytes::to_value(&request.variables) {
        Ok(serde_json_bytes::Value::Object(map)) => map,
        _ => JsonMap::new(),
    };
    let variables = match coerce_variable_values(&api.schema, operation, &given) {
        Ok(variables) => variables,
        Err(error) => {
            let mut error = json!(error.to_graphql_error(&document.sources));
            error["extensions"] = json!({ "code": "INVALID_VARIABLE" });
            return json!({ "errors": [error] });
        }
    };
    let requested = Pricing {
        schema: &api.schema,
        document,
        variables: &variables,
    }
    .operation(operation);
    if requested > MAX_COST {
        return too_dear(requested);
    }
    if !lock(&shop.cell.bucket).take(requested) {
        return throttled(requested, &lock(&shop.cell.bucket).status());
    }
    let name = operation.name.as_ref().map(ToString::to_string);
    let (mut answer, actual) = run(shop, scopes, version, api, document, name.as_deref(), &variables);
    let mut bucket = lock(&shop.cell.bucket);
    bucket.give_back(requested.saturating_sub(actual));
    answer["extensions"] = json!({ "cost": {
        "requestedQueryCost": requested,
        "actualQueryCost": actual,
        "throttleStatus": bucket.status(),
    } });
    answer
}

fn run(
    shop: &Shop,
    scopes: &Scopes,
    version: &str,
    api: &ApiSchema,
    document: &Valid<ExecutableDocument>,
    operation: Option<&str>,
    variables: &Valid<JsonMap>,
) -> (Value, u32) {
    let (answer, cost, jobs) = shop.change(|state| {
        let ctx = Ctx::new(state, scopes, version, &shop.inner.config.client_id, variables);
        let mutation = document
            .operations
            .get(operation)
            .is_ok_and(|operation| operation.is_mutation());
        let root = Bound {
            ctx: &ctx,
            node: if mutation { Node::Mutation } else { Node::Query },
        };
        let executed = Execution::new(&api.schema, document)
            .implementers_map(&api.implementers)
            .coerced_variable_values(variables)
            .operation_name(operation)
            .and_then(|execution| execution.execute_sync(&root));
        let answer = match executed {
            Ok(response) => {
                let errors: Vec<_> = response
                    .errors
                    .iter()
                    .map(|error| in_shopifys_words(&ctx, error))
                    .collect();
                let mut answer = json!({ "data": response.data });
                if !errors.is_empty() {
                    answer["errors"] = json!(errors);
                }
                answer
            }
            Err(error) => json!({ "errors": [error.to_graphql_error(&document.sources)] }),
        };
        let jobs = ctx.started.take();
        (answer, ctx.actual_cost.get(), jobs)
    });
    for job in jobs {
        let (shop, delay) = (shop.clone(), shop.inner.config.cancel_delay);
        shop.inner.clone().spawn(async move {
            tokio::time::sleep(delay).await;
            shop.finish_cancel(&job);
        });
    }
    (answer, cost)
}

/// Puts back the message and extensions that the executor could not carry.
fn in_shopifys_words(ctx: &Ctx<'_>, error: &GraphQLError) -> Value {
    let mut json = json!(error);
    if let Some(problem) = ctx.problem(&error.message) {
        json["message"] = json!(problem.message);
        json["extensions"] = problem.extensions;
    }
    json
}

fn too_dear(cost: u32) -> Value {
    let message = format!(
        "Query cost is {cost}, which exceeds the single query max cost limit ({MAX_COST}).\n\nSee {RATE_LIMITS} for more information on how the\ncost of a query is calculated."
    );
    json!({ "errors": [{ "message": message, "extensions": {
        "code": "MAX_COST_EXCEEDED",
        "cost": cost,
        "maxCost": MAX_COST,
        "documentation": RATE_LIMITS,
    } }] })
}

/// Refused for want of points; nothing was executed.
pub(crate) fn throttled(requested: u32, throttle_status: &Value) -> Value {
    json!({
        "errors": [{ "message": "Throttled", "extensions": { "code": "THROTTLED", "documentation": RATE_LIMITS } }],
        "extensions": { "cost": {
            "requestedQueryCost": requested,
            "actualQueryCost": null,
            "throttleStatus": throttle_status,
        } },
    })
}
