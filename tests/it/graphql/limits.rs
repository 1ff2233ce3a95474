//! What is refused before anything is read: deep and heavy queries, calls from
//! other sites, bodies that are no queries.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use serde_json::json;

use super::world::{As, World, post};

/// What `GraphiQL` and code generators ask.
const INTROSPECTION: &str = "query { __schema { queryType { name } mutationType { name } types { kind name
    fields(includeDeprecated: true) { name args { name type { ...Ref } } type { ...Ref } }
    inputFields { name type { ...Ref } } enumValues { name } possibleTypes { ...Ref } }
    directives { name locations args { name type { ...Ref } } } } }
    fragment Ref on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
    ofType { kind name ofType { kind name ofType { kind name } } } } } } } }";

#[tokio::test]
async fn the_schema_may_be_asked_for() {
    for world in World::each(false).await {
        let data = world.data(&As::Nobody, INTROSPECTION, json!({})).await;
        assert_eq!(data["__schema"]["queryType"]["name"], "Query");
    }
}

#[tokio::test]
async fn refuses_what_is_too_deep_or_too_heavy() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let who = As::Token(&tenant.token);
        let mut deep = "name".to_owned();
        for _ in 0..20 {
            deep = format!("ofType {{ {deep} }}");
        }
        let deep = format!("{{ __type(name: \"Order\") {{ {deep} }} }}");
        let heavy = "{ orders(first: 100) { nodes { lines { units { state quantity reason }
            variant { mapping { alternatives { components { quantity offer { id sku title stock } } } } } }
            purchaseOrders { lines { id sku } shipments { lines { sku quantity } } } } } }";
        for (query, expect) in [(deep.as_str(), "nested too deep"), (heavy, "too complex")] {
            let before = world.app.db.statements();
            let answer = world.ask(&who, query, json!({})).await;
            let message = answer["errors"][0]["message"].as_str().unwrap_or_default().to_owned();
            assert!(message.contains(expect), "{expect}: {answer}");
            // The token is looked up; the lists are not.
            assert_eq!(world.app.db.statements() - before, 1);
        }
        let lighter = heavy.replace("first: 100", "first: 3");
        world.data(&who, &lighter, json!({})).await;
    }
}

#[tokio::test]
async fn refuses_many_statements_under_aliases() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let aliased = |count: usize, what: &str| {
            let fields: Vec<String> = (0..count).map(|n| format!("a{n}: {what}")).collect();
            fields.join(" ")
        };
        let roots = |count| format!("{{ {} }}", aliased(count, "invitation(token: \"x\") { email }"));
        let spread = format!(
            "{{ ...F ...F }} fragment F on Query {{ {} }}",
            aliased(15, "demoSignInAvailable")
        );
        let circle = "{ ...F } fragment F on Query { ...F }";
        let counts = |count| format!("{{ shop {{ counts {{ {} }} }} }}", aliased(count, "openExceptions"));
        for query in [&roots(21), &spread, &circle.to_owned(), &counts(101)] {
            let before = world.app.db.statements();
            let answer = world.ask(&As::Token(&tenant.token), query, json!({})).await;
            assert!(answer["errors"][0]["message"].is_string(), "{query}: {answer}");
            assert_eq!(world.app.db.statements() - before, 1, "the token alone is looked up");
        }
        world.data(&As::Token(&tenant.token), &roots(20), json!({})).await;
        world.data(&As::Token(&tenant.token), &counts(50), json!({})).await;
    }
}

/// What the portal asks for with its longest page; however often a count is named, it is made once.
#[tokio::test]
async fn a_list_brings_its_counts_along_once() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let names: Vec<String> = (0..50).map(|n| format!("a{n}: new b{n}: done")).collect();
        let names = names.join(" ");
        let page = |counts: &str| {
            format!(
                "{{ purchaseOrders(first: 100) {{ nodes {{ id number status shopName total {{ amountMinor }} shipTo {{ name city }} lines {{ id title quantity shipped }} }} {counts} }} }}"
            )
        };
        let who = As::Session(&tenant.supplier_user);
        let mut statements = Vec::new();
        for counts in [
            page("counts { new done }"),
            page(&format!("counts {{ {names} }} more: counts {{ new }}")),
        ] {
            let before = world.app.db.statements();
            world.data(&who, &counts, json!({})).await;
            statements.push(world.app.db.statements() - before);
        }
        assert_eq!(statements[0], statements[1]);
    }
}

#[tokio::test]
async fn a_page_has_a_limit() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        for arguments in ["first: 101", "first: 0", "after: \"x\""] {
            let query = format!("{{ orders({arguments}) {{ nodes {{ id }} }} }}");
            let answer = world.ask(&As::Token(&tenant.token), &query, json!({})).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID", "{arguments}");
        }
    }
}

#[tokio::test]
async fn other_sites_are_refused() {
    for world in World::each(false).await {
        let with = |name: &'static str, value: &'static str| {
            let mut request = post(&As::Nobody, "{ demoSignInAvailable }", &json!({}));
            request.headers_mut().insert(name, value.parse().expect("a value"));
            request
        };
        for (name, value, expect) in [
            ("sec-fetch-site", "cross-site", StatusCode::FORBIDDEN),
            ("sec-fetch-site", "same-site", StatusCode::FORBIDDEN),
            ("origin", "https://evil.example", StatusCode::FORBIDDEN),
            ("sec-fetch-site", "same-origin", StatusCode::OK),
            ("origin", "https://orderyard.example", StatusCode::OK),
            // A script sends neither.
            ("user-agent", "curl", StatusCode::OK),
        ] {
            assert_eq!(world.call(with(name, value)).await.status(), expect, "{name}: {value}");
        }
    }
}

#[tokio::test]
async fn only_json_by_post_is_a_query() {
    for world in World::each(false).await {
        let request = |method: Method, uri: &str, kind: &str, body: &'static str| {
            Request::builder()
                .method(method)
                .uri(uri)
                .header(header::CONTENT_TYPE, kind)
                .body(Body::from(body))
                .expect("a request")
        };
        let good = r#"{"query":"{ demoSignInAvailable }"}"#;
        for (request, expect) in [
            (
                request(Method::POST, "/graphql", "application/json; charset=utf-8", good),
                200,
            ),
            (request(Method::POST, "/graphql", "text/plain", good), 400),
            (request(Method::POST, "/graphql", "application/json", "[]"), 400),
            (request(Method::POST, "/graphql", "application/json", "{"), 400),
            (
                request(Method::GET, "/graphql?query={viewer{id}}", "application/json", ""),
                405,
            ),
        ] {
            let label = format!("{} {}", request.method(), request.uri());
            assert_eq!(world.call(request).await.status().as_u16(), expect, "{label}");
        }
    }
}
