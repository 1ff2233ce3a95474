//! Who is let in, and who is not.

use std::time::Duration;

use axum::http::{StatusCode, header};
use orderyard::actions::sign_in;
use serde_json::{Value, json};

use super::world::{As, World, cookie_pair, post, read};

const SIGN_IN: &str = "mutation($email: String!, $password: String!) { signIn(email: $email, password: $password) {
    viewer { kind name } problems { code message } } }";
const ACCEPT: &str = "mutation($token: String!, $name: String!, $password: String!) {
    acceptInvitation(token: $token, name: $name, password: $password) { viewer { kind email shop { id } supplier { id } } problems { code } } }";
const INVITE: &str = "mutation($email: String!) { inviteStaff(email: $email) { link problems { code } } }";
const PASSWORD: &str = "correct horse battery";

/// Calls, and gives back the answer with the cookie that came along.
async fn with_cookie(world: &World, who: &As<'_>, query: &str, variables: Value) -> (Value, Option<String>) {
    let response = world.call(post(who, query, &variables)).await;
    let cookie = response.headers().get(header::SET_COOKIE);
    let cookie = cookie.map(|cookie| cookie.to_str().expect("text").to_owned());
    (read(response).await["data"].clone(), cookie)
}

async fn invite(world: &World, owner: &str, email: &str) -> String {
    let data = world.data(&As::Session(owner), INVITE, json!({ "email": email })).await;
    let link = data["inviteStaff"]["link"].as_str().expect("a link").to_owned();
    let token = link.strip_prefix("https://orderyard.example/invitation/");
    token.expect("a link to the page").to_owned()
}

async fn accept(world: &World, who: &As<'_>, token: &str, password: &str) -> (Value, Option<String>) {
    let variables = json!({ "token": token, "name": "Anna", "password": password });
    let (data, cookie) = with_cookie(world, who, ACCEPT, variables).await;
    (data["acceptInvitation"].clone(), cookie)
}

#[tokio::test]
async fn an_invited_person_comes_in_once_and_then_by_password() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let token = invite(&world, &tenant.owner, "Anna@Shop.example ").await;
        let looked = "query($token: String!) { invitation(token: $token) { email kind for } }";
        let data = world.data(&As::Nobody, looked, json!({ "token": token })).await;
        assert_eq!(
            data["invitation"],
            json!({ "email": "anna@shop.example", "kind": "STAFF", "for": "Shop 1" })
        );

        let (answer, cookie) = accept(&world, &As::Nobody, &token, PASSWORD).await;
        assert_eq!(answer["viewer"]["shop"]["id"], "1", "{answer}");
        let cookie = cookie.expect("a session");
        for part in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/", "Max-Age=1209600"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        let again = accept(&world, &As::Nobody, &token, PASSWORD).await;
        assert_eq!(
            again,
            (json!({ "viewer": null, "problems": [{ "code": "EXPIRED" }] }), None)
        );
        let data = world.data(&As::Nobody, looked, json!({ "token": token })).await;
        assert_eq!(data["invitation"], Value::Null);

        let variables = json!({ "email": "anna@shop.example", "password": PASSWORD });
        let (data, cookie) = with_cookie(&world, &As::Nobody, SIGN_IN, variables).await;
        assert_eq!(data["signIn"]["viewer"], json!({ "kind": "STAFF", "name": "Anna" }));
        let session = cookie_pair(&cookie.expect("a session"));
        let data = world
            .data(&As::Session(&session), "{ viewer { name } }", json!({}))
            .await;
        assert_eq!(data["viewer"]["name"], "Anna");

        let (_, cleared) = with_cookie(
            &world,
            &As::Session(&session),
            "mutation { signOut { done } }",
            json!({}),
        )
        .await;
        assert!(cleared.expect("a header").contains("Max-Age=0"));
        let data = world
            .data(&As::Session(&session), "{ viewer { name } }", json!({}))
            .await;
        assert_eq!(data["viewer"], Value::Null, "a session that was ended opens nothing");
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_person_look_alike() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let token = invite(&world, &tenant.owner, "anna@shop.example").await;
        accept(&world, &As::Nobody, &token, PASSWORD).await;
        let mut answers = Vec::new();
        for (email, password) in [
            ("anna@shop.example", "wrong horse battery"),
            ("nobody@shop.example", PASSWORD),
            // The owner came through Shopify and has no password at all.
            ("owner1@shop.example", ""),
        ] {
            let variables = json!({ "email": email, "password": password });
            let (data, cookie) = with_cookie(&world, &As::Nobody, SIGN_IN, variables).await;
            assert_eq!(cookie, None);
            assert_eq!(data["signIn"]["problems"][0]["code"], "WRONG_CREDENTIALS");
            answers.push(data);
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]));
    }
}

#[tokio::test]
async fn guessing_is_slowed_down() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let token = invite(&world, &tenant.owner, "anna@shop.example").await;
        accept(&world, &As::Nobody, &token, PASSWORD).await;
        let guess = async |password: &str| {
            let variables = json!({ "email": "anna@shop.example", "password": password });
            world.ask(&As::Nobody, SIGN_IN, variables).await
        };
        for _ in 0..10 {
            assert_eq!(
                guess("wrong").await["data"]["signIn"]["problems"][0]["code"],
                "WRONG_CREDENTIALS"
            );
        }
        // Now not even the right one is looked at.
        assert_eq!(guess(PASSWORD).await["errors"][0]["extensions"]["code"], "RATE_LIMITED");
        world.app.clock.advance(Duration::from_mins(16));
        assert_eq!(guess(PASSWORD).await["data"]["signIn"]["viewer"]["name"], "Anna");
    }
}

#[tokio::test]
async fn an_invitation_ends_after_a_week() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let token = invite(&world, &tenant.owner, "anna@shop.example").await;
        world.app.clock.advance(Duration::from_secs(7 * 24 * 3600 + 1));
        let (answer, cookie) = accept(&world, &As::Nobody, &token, PASSWORD).await;
        assert_eq!(
            (answer["problems"][0]["code"].as_str(), cookie),
            (Some("EXPIRED"), None)
        );
    }
}

/// Whoever invites sees the link: it must not open an account that exists.
#[tokio::test]
async fn an_invitation_does_not_open_somebody_elses_account() {
    for world in World::each(false).await {
        let (one, two) = (world.tenant(1).await, world.tenant(2).await);
        let token = invite(&world, &one.owner, "anna@shop.example").await;
        let (_, annas) = accept(&world, &As::Nobody, &token, PASSWORD).await;
        let annas = cookie_pair(&annas.expect("a session"));

        let bait = invite(&world, &two.owner, "anna@shop.example").await;
        let (answer, cookie) = accept(&world, &As::Nobody, &bait, "the attacker's choice").await;
        assert_eq!(
            (answer["problems"][0]["code"].as_str(), cookie),
            (Some("WRONG_CREDENTIALS"), None)
        );
        // The first shop's owner has no password, so nothing but a session shows who it is.
        let bait_for_owner = invite(&world, &two.owner, "owner1@shop.example").await;
        let (answer, _) = accept(&world, &As::Nobody, &bait_for_owner, "the attacker's choice").await;
        assert_eq!(answer["problems"][0]["code"], "WRONG_CREDENTIALS");

        let (answer, _) = accept(&world, &As::Session(&annas), &bait, "").await;
        assert_eq!(
            answer["viewer"]["shop"]["id"], "2",
            "signed in, the invited person joins: {answer}"
        );
        let (answer, _) = accept(&world, &As::Session(&one.owner), &bait_for_owner, "").await;
        assert_eq!(answer["viewer"]["shop"]["id"], "2");
    }
}

/// An address in a shop's details was never proven.
#[tokio::test]
async fn an_installation_joins_nobody_to_an_account_that_exists() {
    for world in World::each(false).await {
        let (one, _) = (world.tenant(1).await, world.tenant(2).await);
        let tx = world.tx().await;
        // The second shop is installed anew, by an owner who claims the first one's address.
        let three = orderyard::ids::ShopId(3);
        let session = sign_in::owner_of_install(&world.app, &tx, three, Some("owner1@shop.example"), "Mallory").await;
        tx.commit().await.expect("commits");
        let session = cookie_pair(&session.expect("a session").cookie(&world.app));
        let query = "{ viewer { id email } }";
        let other = world.data(&As::Session(&session), query, json!({})).await;
        let owner = world.data(&As::Session(&one.owner), query, json!({})).await;
        assert_ne!(other["viewer"]["id"], owner["viewer"]["id"]);
        assert_ne!(other["viewer"]["email"], owner["viewer"]["email"]);
    }
}

#[tokio::test]
async fn only_the_owner_invites_staff() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let token = invite(&world, &tenant.owner, "anna@shop.example").await;
        let (_, anna) = accept(&world, &As::Nobody, &token, PASSWORD).await;
        let anna = cookie_pair(&anna.expect("a session"));
        for who in [As::Session(&anna), As::Token(&tenant.token)] {
            let data = world.data(&who, INVITE, json!({ "email": "b@shop.example" })).await;
            assert_eq!(data["inviteStaff"]["problems"][0]["code"], "FORBIDDEN");
        }
        for email in ["", "b", "@shop.example", "b@shop", "a b@shop.example"] {
            let data = world
                .data(&As::Session(&tenant.owner), INVITE, json!({ "email": email }))
                .await;
            assert_eq!(data["inviteStaff"]["problems"][0]["code"], "INVALID", "{email}");
        }
    }
}

#[tokio::test]
async fn one_click_is_for_the_demo_alone() {
    const DEMO: &str = "mutation($as: ViewerKind!, $key: String) { demoSignIn(as: $as, supplierKey: $key) {
        viewer { kind supplier { key } } problems { code } } }";
    for world in World::each(false).await {
        world.tenant(1).await;
        let data = world.data(&As::Nobody, DEMO, json!({ "as": "STAFF" })).await;
        assert_eq!(
            data["demoSignIn"],
            json!({ "viewer": null, "problems": [{ "code": "FORBIDDEN" }] })
        );
        let data = world
            .data(&As::Nobody, "{ demoSignInAvailable demoAccounts { name } }", json!({}))
            .await;
        assert_eq!(data, json!({ "demoSignInAvailable": false, "demoAccounts": [] }));
    }
    for world in World::each(true).await {
        world.tenant(1).await;
        let data = world.data(&As::Nobody, DEMO, json!({ "as": "STAFF" })).await;
        assert_eq!(data["demoSignIn"]["viewer"]["kind"], "STAFF");
        for _ in 0..2 {
            let data = world
                .data(&As::Nobody, DEMO, json!({ "as": "SUPPLIER", "key": "north-1" }))
                .await;
            assert_eq!(data["demoSignIn"]["viewer"]["supplier"]["key"], "north-1");
        }
        let accounts = world
            .data(&As::Nobody, "{ demoAccounts { kind supplierKey } }", json!({}))
            .await;
        assert_eq!(accounts["demoAccounts"].as_array().map(Vec::len), Some(2));
    }
}

#[tokio::test]
async fn a_wrong_token_is_refused_and_scopes_are_kept() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let tx = world.tx().await;
        let reader = orderyard::actions::create_api_key::for_shop(&world.app, &tx, tenant.shop, &["read"]);
        let supplier_key = orderyard::actions::create_api_key::for_supplier(&world.app, &tx, tenant.supplier);
        tx.commit().await.expect("commits");
        for token in ["oy_guess", &supplier_key.expect("a key").0] {
            let response = world
                .call(post(&As::Token(token), "{ viewer { id } }", &json!({})))
                .await;
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        }
        let reader = reader.expect("a token").0;
        let who = As::Token(&reader);
        let data = world
            .data(&who, "{ viewer { kind scopes } orders { nodes { id } } }", json!({}))
            .await;
        assert_eq!(data["viewer"], json!({ "kind": "TOKEN", "scopes": ["read"] }));
        let write = "mutation($id: ID!) { routeOrder(id: $id) { order { id } } }";
        let answer = world.ask(&who, write, json!({ "id": tenant.order })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
    }
}
