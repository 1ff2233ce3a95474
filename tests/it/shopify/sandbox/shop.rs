//! Tokens, the shop and its catalog.

use std::sync::atomic::Ordering;

use orderyard::{
    ids::{ShopId, ShopifyInventoryItemId, ShopifyLocationId, ShopifyVariantId},
    shopify::{
        ApiError, Outcome,
        inventory::{self, StockLevel},
        oauth::TokenError,
        scopes::DEFAULT_SCOPES,
        session_token, subscriptions,
    },
};
use sandbox::{AnswerFault, Fault, Plan, ProductSpec, ShopifyConfig, VariantSpec};
use secrecy::SecretString;
use url::Url;
use uuid::Uuid;
use webhooks::Topic;

use super::{START, World, at};

#[tokio::test]
async fn a_shop_is_read_and_subscribed() {
    let world = World::new(Plan::Standard).await;
    let access = world.access();
    let shop = world.api.shop(&access).await.expect("a shop").data;
    assert_eq!((shop.id, &shop.domain), (ShopId(world.shop.id()), &world.domain));
    assert_eq!(shop.currency.code(), "EUR");
    let granted = world.api.granted_scopes(&access).await.expect("scopes").data;
    assert!(granted.missing(&DEFAULT_SCOPES.iter().copied().collect()).is_empty());
    let locations = world.api.locations(&access).await.expect("locations").data;
    assert_eq!(locations[0].name, "Main warehouse");

    let uri = Url::parse("https://yard.example/webhooks/shopify").expect("url");
    let topics = [Topic::OrdersCreate, Topic::OrdersUpdated];
    let plan = world.plan_of(&uri, &topics).await;
    assert_eq!(plan.create.len(), 2);
    for topic in &plan.create {
        world.api.subscribe(&access, topic, &uri).await.expect("a subscription");
    }
    assert_eq!(world.plan_of(&uri, &topics).await, subscriptions::Plan::default());
    let again = world.api.subscribe(&access, &topics[0], &uri).await.expect_err("twice");
    assert_eq!(again.outcome(), Outcome::Never, "{again}");

    let plan = world.plan_of(&uri, &topics[..1]).await;
    world
        .api
        .unsubscribe(&access, &plan.delete[0].id)
        .await
        .expect("deleted");
    assert_eq!(world.plan_of(&uri, &topics[..1]).await, subscriptions::Plan::default());
}

#[tokio::test]
async fn the_catalog_is_read_page_by_page() {
    let world = World::new(Plan::Plus).await;
    world.order(120);
    let first = world
        .api
        .variants(&world.access(), None, None)
        .await
        .expect("a page")
        .data;
    let second = world
        .api
        .variants(&world.access(), None, first.next.clone())
        .await
        .expect("a page")
        .data;
    assert_eq!((first.items.len(), second.items.len(), second.next), (100, 20, None));
    assert_eq!(first.items[0].weight_g, Some(250));
    let ids: Vec<ShopifyVariantId> = first.items.iter().chain(&second.items).map(|one| one.id).collect();
    let found = world
        .api
        .variants_by_ids(&world.access(), &ids)
        .await
        .expect("variants")
        .data;
    assert_eq!(found.len(), 120);
}

#[tokio::test]
async fn stock_is_told_once_per_key() {
    let world = World::new(Plan::Standard).await;
    let access = world.access();
    let product = ProductSpec {
        title: "Mug".to_owned(),
        variants: vec![VariantSpec::new("MUG", "1.00")],
        ..ProductSpec::default()
    };
    let item = ShopifyInventoryItemId(world.shop.create_product(product).expect("a product").inventory_items[0]);
    let location = ShopifyLocationId(world.shop.add_location("Elsewhere"));
    let key = Uuid::from_u128(1);
    world
        .api
        .activate_stock(&access, item, location, Some(5), key)
        .await
        .expect("active");
    assert_eq!(world.shop.available(item.0, location.0), Some(5));

    let level = |available, changed_from| {
        [StockLevel {
            item,
            location,
            available,
            changed_from,
        }]
    };
    let key = Uuid::from_u128(2);
    world
        .api
        .set_stock(&access, &level(7, Some(5)), key)
        .await
        .expect("set");
    world
        .api
        .set_stock(&access, &level(7, Some(5)), key)
        .await
        .expect("the same again");
    assert_eq!(world.shop.available(item.0, location.0), Some(7));
    let key = Uuid::from_u128(3);
    let stale = world
        .api
        .set_stock(&access, &level(9, Some(5)), key)
        .await
        .expect_err("stale");
    assert!(stale.has_user_error(inventory::STALE), "{stale:?}");
    world
        .api
        .set_stock(&access, &level(9, None), Uuid::from_u128(4))
        .await
        .expect("unchecked");
    assert_eq!(world.shop.available(item.0, location.0), Some(9));
}

#[tokio::test]
async fn tokens_are_refreshed_until_the_shop_is_gone() {
    let mut world = World::new(Plan::Standard).await;
    world.shop.expire_access_tokens();
    let error = world.api.shop(&world.access()).await.expect_err("expired");
    assert_eq!(error, ApiError::Unauthorized);

    let old = world.tokens.refresh_token.clone().expect("a refresh token");
    world
        .shopify
        .faults()
        .add(Fault::token("refresh_token", AnswerFault::LostAnswer).times(1));
    let lost = world
        .oauth
        .refresh(&world.domain, &old, at(START))
        .await
        .expect_err("lost");
    assert!(matches!(lost, TokenError::Retry { .. }), "{lost:?}");
    world.tokens = world
        .oauth
        .refresh(&world.domain, &old, at(START))
        .await
        .expect("the same token again");
    world.api.shop(&world.access()).await.expect("a shop");

    world.shop.expire_refresh_tokens();
    let newest = world.tokens.refresh_token.clone().expect("a refresh token");
    let gone = world
        .oauth
        .refresh(&world.domain, &newest, at(START))
        .await
        .expect_err("gone");
    assert!(matches!(gone, TokenError::Terminal { .. }), "{gone:?}");
}

#[tokio::test]
async fn an_embedded_page_brings_a_token() {
    let mut world = World::new(Plan::Standard).await;
    world.seconds.fetch_add(100, Ordering::Relaxed);
    let now = at(START + 100);
    let token = world.shop.session_token(42);
    let config = ShopifyConfig::default();
    let secrets = [SecretString::from(config.client_secret)];
    let session = session_token::verify(&token, &secrets, &config.client_id, now).expect("a session");
    assert_eq!((session.shop, session.user.as_str()), (world.domain.clone(), "42"));
    world.tokens = world
        .oauth
        .exchange_session_token(&world.domain, &token, now)
        .await
        .expect("tokens");
    world.api.shop(&world.access()).await.expect("a shop");
    world.tokens = world
        .oauth
        .client_credentials(&world.domain, now)
        .await
        .expect("a token");
    world.api.shop(&world.access()).await.expect("a shop");
}
