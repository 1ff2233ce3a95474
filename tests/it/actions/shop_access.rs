//! A shop's token and its API budget, between workers that want them at once.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use chrono::TimeDelta;
use orderyard::{
    actions::shop_access::{AccessError, observe, open, renew, seal_tokens},
    app::App,
    domain::throttle::Budget,
    ids::ShopId,
    queue::JobError,
    shopify::{Answer as ShopifyAnswer, ApiError, oauth::TokenPair, scopes::Scopes},
    store::{self, shop_budgets, shops},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use tokio::{
    sync::{Mutex, mpsc, oneshot},
    task::JoinSet,
};

use crate::graphql::world::World;

type Answer = oneshot::Sender<Value>;

/// A token endpoint that hands each call to the test, which answers when it likes.
async fn endpoint() -> (String, mpsc::UnboundedReceiver<Answer>, JoinSet<()>) {
    let (calls, called) = mpsc::unbounded_channel::<Answer>();
    let calls = Arc::new(Mutex::new(calls));
    let answer = |State(calls): State<Arc<Mutex<mpsc::UnboundedSender<Answer>>>>| async move {
        let (answer, answered) = oneshot::channel();
        calls.lock().await.send(answer).expect("the test listens");
        Json(answered.await.expect("the test answers"))
    };
    let router = Router::new().fallback(post(answer)).with_state(calls);
    let (origin, tasks) = serve(router).await;
    (origin, called, tasks)
}

async fn serve(router: Router) -> (String, JoinSet<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let origin = format!(
        "http://127.0.0.1:{}/{{shop}}",
        listener.local_addr().expect("bound").port()
    );
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { axum::serve(listener, router).await.expect("serves") });
    (origin, tasks)
}

fn pair(name: &str) -> Value {
    json!({
        "access_token": format!("shpat_{name}"), "scope": "write_orders", "expires_in": 3600,
        "refresh_token": format!("shprt_{name}"), "refresh_token_expires_in": 7_776_000,
    })
}

/// Whose access token runs out so many hours from now.
async fn give_tokens(app: &App, shop: ShopId, hours: i64) -> shops::Model {
    let tx = app.db.begin().await.expect("begins");
    let mut row = shops::lock(&tx, shop).await.expect("reads").expect("a shop");
    let then = app.clock.now() + TimeDelta::hours(hours);
    let first = TokenPair {
        access_token: SecretString::from("shpat_first"),
        expires_at: then,
        refresh_token: Some(SecretString::from("shprt_first")),
        refresh_expires_at: Some(then + TimeDelta::days(90)),
        scopes: Scopes::parse("write_orders"),
    };
    seal_tokens(app, &mut row, &first).expect("seals");
    store::save(&tx, row.clone()).expect("saves");
    tx.commit().await.expect("commits");
    row
}

/// The world's app, with a token endpoint of the test's own.
async fn with_endpoint(world: &World) -> (App, mpsc::UnboundedReceiver<Answer>, JoinSet<()>) {
    let (origin, called, tasks) = endpoint().await;
    (app_at(world, origin), called, tasks)
}

fn app_at(world: &World, origin: String) -> App {
    let mut config = (*world.app.config).clone();
    config.shopify.origin = origin;
    let (db, keyring) = (world.app.db.clone(), world.app.keyring.clone());
    App::new(config, db, keyring, world.app.clock.clone()).expect("fits together")
}

enum Lasts {
    ADay,
    ForEver,
}

async fn forget_refresh_token(app: &App, lasts: Lasts) {
    let tx = app.db.begin().await.expect("begins");
    let mut row = shops::lock(&tx, ShopId(1)).await.expect("reads").expect("a shop");
    row.refresh_token = None;
    row.refresh_token_expires_at = None;
    if matches!(lasts, Lasts::ForEver) {
        row.access_token_expires_at = None;
    }
    store::save(&tx, row).expect("saves");
    tx.commit().await.expect("commits");
}

/// The one who holds the lease stood still until it ran out. Another one presents the same refresh
/// token, which retires the pair that the first one was given: only the later pair may be kept,
/// whichever answer arrives first.
#[tokio::test]
async fn of_two_workers_who_renew_at_once_the_later_one_keeps_its_pair() {
    for world in World::each(false).await {
        for first_answer in [0, 1] {
            world.app.clock.advance(std::time::Duration::from_mins(1));
            if first_answer == 0 {
                world.tenant(1).await;
            }
            let (app, mut called, _tasks) = with_endpoint(&world).await;
            let shop = give_tokens(&app, ShopId(1), -2).await;

            let start = || {
                let (app, shop) = (app.clone(), shop.clone());
                let mut tasks = JoinSet::new();
                tasks.spawn(async move { renew(&app, shop).await });
                tasks
            };
            let earlier = start();
            let earlier_call = called.recv().await.expect("a call");
            // Should that one have died, everybody waits for its lease, and no job spends its tries.
            let meanwhile = renew(&app, shop.clone()).await.expect_err("it is being renewed");
            assert!(matches!(JobError::from(meanwhile), JobError::NotNow { .. }));
            world.app.clock.advance(std::time::Duration::from_secs(31));
            let later = start();
            let later_call = called.recv().await.expect("another call");
            let mut calls = [(earlier_call, "earlier", earlier), (later_call, "later", later)];
            if first_answer == 1 {
                calls.reverse();
            }
            for (call, name, mut renewed) in calls {
                call.send(pair(name)).expect("it waits");
                let renewed = renewed.join_next().await.expect("one runs");
                renewed.expect("no panic").expect("there is a token");
            }
            let row = shops::by_id(app.db.read(), ShopId(1))
                .await
                .expect("reads")
                .expect("a shop");
            for (sealed, column, token) in [
                (row.access_token, "access_token", "shpat_later"),
                (row.refresh_token, "refresh_token", "shprt_later"),
            ] {
                let place = format!("shops/1/{column}");
                let kept = app.keyring.open(&sealed.expect("sealed"), &place).expect("opens");
                assert_eq!(kept.expose_secret(), token, "answered first: {first_answer}");
            }
            assert_eq!(row.refresh_leased_until, None);
        }
    }
}

/// Shopify would only have refused the second call.
#[tokio::test]
async fn what_one_worker_takes_of_a_low_budget_is_gone_for_the_others() {
    for world in World::each(false).await {
        let app = &world.app;
        world.tenant(1).await;
        give_tokens(app, ShopId(1), 1).await;
        open(app, ShopId(1), 600).await.expect("nothing is known yet");
        let tx = app.db.begin().await.expect("begins");
        let low = Budget {
            available: 1000,
            maximum: 2000,
            restore_per_second: 1,
            as_of: tx.lease_now(),
        };
        shop_budgets::put(&tx, ShopId(1), &low).await.expect("is written");
        tx.commit().await.expect("commits");
        let (one, other) = tokio::join!(open(app, ShopId(1), 600), open(app, ShopId(1), 600));
        let refused = |result: &Result<_, AccessError>| matches!(result, Err(AccessError::Budget(_)));
        assert_eq!(
            [refused(&one), refused(&other)]
                .iter()
                .filter(|refused| **refused)
                .count(),
            1
        );
        assert!(one.is_ok() || other.is_ok());
    }
}

/// An HTTP 429 or 430 shows no status: whoever else calls the shop learns of it by the budget alone.
#[tokio::test]
async fn what_one_node_is_asked_to_wait_all_of_them_wait() {
    for world in World::each(false).await {
        let app = &world.app;
        world.tenant(1).await;
        give_tokens(app, ShopId(1), 1).await;
        let (db, keyring) = (app.db.clone(), app.keyring.clone());
        let other = App::new((*app.config).clone(), db, keyring, app.clock.clone()).expect("fits together");
        let under_way = open(&other, ShopId(1), 10).await.expect("nothing is known yet");
        let access = open(app, ShopId(1), 10).await.expect("nothing is known yet");
        let refused: Result<ShopifyAnswer<()>, _> = Err(ApiError::Throttled {
            retry_after: std::time::Duration::from_secs(30),
            status: None,
        });
        observe(app, &access, &refused).await.expect("is noted");
        let waits = async |app: &App| match open(app, ShopId(1), 10).await {
            Err(AccessError::Budget(wait)) => wait.as_secs_f64(),
            open => panic!("{open:?}"),
        };
        for app in [app, &other] {
            let wait = waits(app).await;
            assert!((20.0..31.0).contains(&wait), "{wait}");
        }
        // One that was under way is told to come back sooner, which counts for nobody.
        let sooner: Result<ShopifyAnswer<()>, _> = Err(ApiError::Throttled {
            retry_after: std::time::Duration::from_secs(1),
            status: None,
        });
        observe(&other, &under_way, &sooner).await.expect("is noted");
        assert!(waits(app).await > 20.0);
        app.clock.advance(std::time::Duration::from_secs(31));
        open(&other, ShopId(1), 10).await.expect("the wait is over");
    }
}

/// A shop of the app's own organization has a token for a day, and nothing but a new grant to renew it by.
#[tokio::test]
async fn a_token_by_client_credentials_that_is_refused_early_is_asked_for_again() {
    for world in World::each(false).await {
        world.tenant(1).await;
        let (app, mut called, _tasks) = with_endpoint(&world).await;
        give_tokens(&app, ShopId(1), 23).await;
        forget_refresh_token(&app, Lasts::ADay).await;
        let access = open(&app, ShopId(1), 10).await.expect("it lasts");
        let refused: Result<ShopifyAnswer<()>, _> = Err(ApiError::Unauthorized);
        observe(&app, &access, &refused).await.expect("is noted");
        let mut tasks = JoinSet::new();
        let node = app.clone();
        tasks.spawn(async move { open(&node, ShopId(1), 10).await });
        let call = called.recv().await.expect("a call");
        let token = json!({ "access_token": "shpat_second", "scope": "write_orders", "expires_in": 86_399 });
        call.send(token).expect("it waits");
        let opened = tasks.join_next().await.expect("one runs").expect("no panic");
        let access = opened.expect("there is a token");
        assert_eq!(access.shop.refresh_token, None);
        let lasts = access.shop.access_token_expires_at.expect("it ends") - app.clock.now();
        assert!(lasts > TimeDelta::hours(23), "{lasts}");
    }
}

/// Nobody is asked for what has no end and cannot be renewed: the shop's owner is told to open the app again.
#[tokio::test]
async fn a_shop_whose_token_has_no_end_and_is_refused_must_reconnect() {
    for world in World::each(false).await {
        world.tenant(1).await;
        let (app, mut called, _tasks) = with_endpoint(&world).await;
        give_tokens(&app, ShopId(1), 1).await;
        forget_refresh_token(&app, Lasts::ForEver).await;
        let access = open(&app, ShopId(1), 10).await.expect("it lasts");
        let refused: Result<ShopifyAnswer<()>, _> = Err(ApiError::Unauthorized);
        observe(&app, &access, &refused).await.expect("is noted");
        let again = open(&app, ShopId(1), 10).await;
        assert!(matches!(again, Err(AccessError::NeedsReconnect)), "{:?}", again.err());
        called.try_recv().expect_err("nobody asks");
    }
}

/// An app whose token endpoint has too many calls, and how many it had.
async fn with_busy_endpoint(world: &World) -> (App, Arc<AtomicU32>, JoinSet<()>) {
    let calls = Arc::new(AtomicU32::new(0));
    let answer = |State(calls): State<Arc<AtomicU32>>| async move {
        calls.fetch_add(1, Ordering::Relaxed);
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "20".parse().expect("a value"));
        (StatusCode::TOO_MANY_REQUESTS, headers)
    };
    let router = Router::new().fallback(post(answer)).with_state(Arc::clone(&calls));
    let (origin, tasks) = serve(router).await;
    (app_at(world, origin), calls, tasks)
}

/// It said when to come back. Until then no job calls it, and none spends its tries.
#[tokio::test]
async fn a_token_endpoint_that_asks_to_wait_is_left_alone() {
    for world in World::each(false).await {
        world.tenant(1).await;
        let (app, calls, _tasks) = with_busy_endpoint(&world).await;
        give_tokens(&app, ShopId(1), -2).await;
        let first = open(&app, ShopId(1), 10).await.expect_err("there is no token");
        let JobError::NotNow { after, .. } = JobError::from(first) else {
            panic!("its try is not to count");
        };
        assert_eq!(after.as_secs(), 20);
        let second = open(&app, ShopId(1), 10).await.expect_err("there is no token");
        assert!(matches!(JobError::from(second), JobError::NotNow { .. }));
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        app.clock.advance(std::time::Duration::from_secs(21));
        open(&app, ShopId(1), 10).await.expect_err("there is no token");
        assert_eq!(calls.load(Ordering::Relaxed), 2, "the time is over");
    }
}

/// It is renewed some minutes before its end.
#[tokio::test]
async fn a_token_that_lives_is_good_while_its_endpoint_asks_to_wait() {
    for world in World::each(false).await {
        world.tenant(1).await;
        let (app, calls, _tasks) = with_busy_endpoint(&world).await;
        give_tokens(&app, ShopId(1), 1).await;
        app.clock.advance(std::time::Duration::from_mins(57));
        for _ in 0..3 {
            open(&app, ShopId(1), 10).await.expect("three minutes are left");
        }
        assert_eq!(calls.load(Ordering::Relaxed), 1);
    }
}
