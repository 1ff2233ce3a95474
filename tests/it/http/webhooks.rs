//! `POST /webhooks/shopify`: what is kept, what is refused, and with which answer.

use std::{collections::BTreeMap, time::Duration};

use reqwest::{Response, StatusCode};
use rstest::rstest;
use sandbox::body_signature;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::harness::{Database, World, WorldSpec};

const SECRET: &str = "sandbox-client-secret";
/// The largest body that is taken where the settings say nothing.
const MOST_BYTES: usize = 8 * 1024 * 1024;
const BODY: &[u8] = br##"{"id":820982911946154508,"name":"#1001"}"##;

/// A webhook call that Shopify might make, to be spoiled by a test.
struct Call {
    headers: BTreeMap<&'static str, String>,
    body: Vec<u8>,
}

impl Call {
    fn new(webhook_id: &str) -> Self {
        let headers = [
            ("X-Shopify-Topic", "orders/create".to_owned()),
            ("X-Shopify-Shop-Domain", "demo.myshopify.com".to_owned()),
            ("X-Shopify-API-Version", "2026-10".to_owned()),
            ("X-Shopify-Webhook-Id", webhook_id.to_owned()),
            ("X-Shopify-Hmac-Sha256", body_signature(SECRET, BODY)),
        ];
        Self {
            headers: headers.into(),
            body: BODY.to_vec(),
        }
    }

    fn with(mut self, header: &'static str, value: &str) -> Self {
        self.headers.insert(header, value.to_owned());
        self
    }

    fn without(mut self, header: &'static str) -> Self {
        self.headers.remove(header);
        self
    }

    fn with_body(mut self, body: Vec<u8>) -> Self {
        self.headers
            .insert("X-Shopify-Hmac-Sha256", body_signature(SECRET, &body));
        self.body = body;
        self
    }

    async fn send(self, world: &World) -> Response {
        let mut request = world.http.post(world.url("/webhooks/shopify")).body(self.body);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        request.send().await.expect("an answer")
    }
}

async fn connect(world: &World) -> TcpStream {
    let url = world.orderyard.url();
    let address = format!("{}:{}", url.host_str().expect("a host"), url.port().expect("a port"));
    TcpStream::connect(address).await.expect("it listens")
}

/// What anybody can put into the header: nobody knows that it is none before the body is there.
const NO_SIGNATURE: &str = "X-Shopify-Hmac-Sha256: bm90IGl0\r\n";

/// The head of a call with a body of so many bytes.
fn head(signature: &str, bytes: usize) -> String {
    format!("POST /webhooks/shopify HTTP/1.1\r\nHost: x\r\n{signature}Content-Length: {bytes}\r\n\r\n")
}

/// Announces a body of so many bytes and reads the answer before a byte of it is sent.
async fn announce(world: &World, signature: &str, bytes: usize) -> String {
    let mut stream = connect(world).await;
    stream
        .write_all(head(signature, bytes).as_bytes())
        .await
        .expect("it reads");
    first_line(&mut stream).await
}

async fn first_line(stream: &mut TcpStream) -> String {
    let mut answer = [0; 64];
    let read = stream.read(&mut answer).await.expect("it answers");
    let text = String::from_utf8_lossy(&answer[..read]).into_owned();
    text.lines().next().unwrap_or_default().to_owned()
}

#[rstest]
#[tokio::test]
async fn answers_each_kind_of_call_as_it_deserves(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let world = WorldSpec::on(database).build().await;
    let check = async |call: Call, expect: StatusCode, what: &str| {
        assert_eq!(call.send(&world).await.status(), expect, "{what}");
    };
    check(Call::new("w-1"), StatusCode::OK, "a good call").await;
    check(Call::new("w-1"), StatusCode::OK, "its repetition").await;
    check(
        Call::new("w-2").with("X-Shopify-Hmac-Sha256", "bm90IGl0"),
        StatusCode::UNAUTHORIZED,
        "a forgery",
    )
    .await;
    check(
        Call::new("w-3").without("X-Shopify-Hmac-Sha256"),
        StatusCode::UNAUTHORIZED,
        "no signature",
    )
    .await;
    check(
        Call::new("w-4").without("X-Shopify-Topic"),
        StatusCode::BAD_REQUEST,
        "no topic",
    )
    .await;
    check(
        Call::new("w-5").without("X-Shopify-Webhook-Id"),
        StatusCode::BAD_REQUEST,
        "no id",
    )
    .await;
    check(
        Call::new("w-6").with_body(Vec::new()),
        StatusCode::BAD_REQUEST,
        "an empty body",
    )
    .await;
    check(
        Call::new("w-7").with_body(b"not json".to_vec()),
        StatusCode::OK,
        "signed and unreadable",
    )
    .await;
    let unknown = Call::new("w-8").with("X-Shopify-Shop-Domain", "elsewhere.myshopify.com");
    check(unknown, StatusCode::OK, "an unknown shop").await;
    let mut truncated = Call::new("w-9");
    truncated.body.pop();
    check(truncated, StatusCode::UNAUTHORIZED, "a truncated body").await;
    assert_eq!(
        announce(&world, NO_SIGNATURE, 9 * 1024 * 1024).await,
        "HTTP/1.1 413 Payload Too Large",
        "refused by its length"
    );
    assert_eq!(
        announce(&world, "", 10).await,
        "HTTP/1.1 401 Unauthorized",
        "unsigned, whatever its body says"
    );

    let kept = "select count(*) from deliveries where webhook_id like 'w-%'";
    assert_eq!(world.count(kept).await, 3, "w-1 once, w-7 and w-8");
    world
        .eventually("every delivery is judged", async || {
            world
                .count("select count(*) from deliveries where status = 'received'")
                .await
                == 0
        })
        .await;
    let judged = async |status: &str| {
        world
            .count(&format!(
                "select count(*) from deliveries where webhook_id like 'w-%' and status = '{status}'"
            ))
            .await
    };
    assert_eq!(judged("unreadable").await, 1);
    assert_eq!(judged("unknown_shop").await, 1);
    assert_eq!(
        world.count("select count(*) from orders").await,
        0,
        "nothing is taken from a body"
    );
    let forgeries = world
        .count("select count(*) from security_events where kind = 'forged_webhook'")
        .await;
    assert_eq!(forgeries, 4, "forged, unsigned (twice) and truncated are recorded");
    let oversized = "select count(*) from security_events where kind = 'oversized_webhook'";
    assert_eq!(world.count(oversized).await, 1, "so is what is too large");
    let incomplete = "select count(*) from security_events where kind = 'incomplete_webhook'
        and subject = 'demo.myshopify.com'";
    assert_eq!(
        world.count(incomplete).await,
        3,
        "and what is signed without a topic, an id or a body"
    );
}

#[tokio::test]
async fn a_body_that_is_too_large_is_answered_while_it_is_sent() {
    let world = WorldSpec::on(Database::Sqlite).build().await;
    let known = Call::new("l-1").with_body(vec![b'x'; MOST_BYTES + 4 * 1024 * 1024]);
    assert_eq!(known.send(&world).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    // Without a length that is announced.
    let chunks = (0..12).map(|_| Ok::<_, std::io::Error>(vec![b'x'; 1024 * 1024]));
    let answer = world
        .http
        .post(world.url("/webhooks/shopify"))
        .header("X-Shopify-Hmac-Sha256", "bm90IGl0")
        .body(reqwest::Body::wrap_stream(futures::stream::iter(chunks)))
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let oversized = "select count(*) from security_events where kind = 'oversized_webhook'";
    assert_eq!(world.count(oversized).await, 2);
}

/// Begins a call with a body of the largest size, and sends all of it but one byte.
async fn almost_send(world: &World) -> TcpStream {
    let mut stream = connect(world).await;
    stream
        .write_all(head(NO_SIGNATURE, MOST_BYTES).as_bytes())
        .await
        .expect("it reads");
    // It may be sent away before all of it was read.
    drop(stream.write_all(&vec![b'x'; MOST_BYTES - 1]).await);
    stream
}

#[tokio::test]
async fn a_client_that_does_not_finish_its_headers_is_cut_off() {
    let world = WorldSpec::on(Database::Sqlite).build().await;
    let mut stream = connect(&world).await;
    let head = b"POST /webhooks/shopify HTTP/1.1\r\nHost: x\r\n";
    stream.write_all(head).await.expect("it reads");
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(2 * crate::harness::PATIENCE, stream.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "it is still waited for");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let world = WorldSpec::on(Database::Sqlite).build().await;
    let mut stream = almost_send(&world).await;
    let began = std::time::Instant::now();
    assert_eq!(first_line(&mut stream).await, "HTTP/1.1 408 Request Timeout");
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}

/// It asks for more than any buffer holds, and reads none of it.
#[tokio::test]
async fn a_client_that_does_not_take_its_answers_is_cut_off() {
    let world = WorldSpec::on(Database::Sqlite).build().await;
    let mut stream = connect(&world).await;
    let asks = "GET /supplier/v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(2_000);
    stream.write_all(asks.as_bytes()).await.expect("it reads");
    let cut = async {
        while stream.write_all(b"\r\n").await.is_ok() {
            drop(stream.ready(tokio::io::Interest::ERROR).await);
        }
    };
    let cut = tokio::time::timeout(2 * crate::harness::PATIENCE, cut).await;
    assert!(cut.is_ok(), "it keeps its place");
}

#[tokio::test]
async fn too_many_calls_at_once_are_sent_away_and_told_when_to_come_back() {
    let world = WorldSpec::on(Database::Sqlite).build().await;
    let mut held = Vec::new();
    let is_full = loop {
        // Of these one may itself find no room, beside a small call that is just being read.
        held.push(almost_send(&world).await);
        let large = Call::new("o-1").with_body(vec![b' '; MOST_BYTES]);
        let answer = large.send(&world).await;
        if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
            break answer.headers().contains_key("retry-after");
        }
        assert!(held.len() < 100, "there is always room");
    };
    assert!(is_full, "nothing says when to come back");
    drop(held);
    world
        .eventually("there is room again", async || {
            Call::new("o-2").send(&world).await.status() == StatusCode::OK
        })
        .await;
}

/// Anybody can send a large body under an invented signature up to its last byte. Ordinary calls find room beside it.
#[tokio::test]
async fn large_calls_that_prove_nothing_leave_room_for_ordinary_ones() {
    let world = WorldSpec::on(Database::Sqlite).build().await;
    let held = futures::future::join_all((0..10).map(|_| almost_send(&world))).await;
    let answer = Call::new("n-1").send(&world).await;
    assert_eq!(answer.status(), StatusCode::OK);
    drop(held);
}

#[rstest]
#[tokio::test]
async fn a_database_that_does_not_take_a_call_in_time_is_a_503(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let world = WorldSpec::on(database).build().await;
    let block = match database {
        Database::Sqlite => "update shops set name = name",
        Database::Postgres => "lock table deliveries in access exclusive mode",
    };
    let began = std::time::Instant::now();
    let answer = world.while_blocked(block, Call::new("s-1").send(&world)).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key("retry-after"));
    assert!(
        began.elapsed() < std::time::Duration::from_secs(10),
        "before Shopify gives up"
    );
    assert_eq!(
        Call::new("s-1").send(&world).await.status(),
        StatusCode::OK,
        "sent again"
    );
}

/// What waits for a database that does not answer is bounded, though those who sent it were sent away.
#[rstest]
#[tokio::test]
async fn calls_keep_their_places_until_they_are_dealt_with(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let world = WorldSpec::on(database).build().await;
    let block = match database {
        Database::Sqlite => "update shops set name = name",
        Database::Postgres => "lock table deliveries in access exclusive mode",
    };
    let large = |number: usize| Call::new(&format!("l-{number}")).with_body(vec![b' '; MOST_BYTES]);
    let flood = async {
        // Some at a time, as there is room for what has not proved who it is from, until all room is taken.
        for number in [0, 2] {
            let some = number..number + 2;
            futures::future::join_all(some.map(|number| large(number).send(&world))).await;
        }
        Call::new("s-1").send(&world).await.text().await.expect("an answer")
    };
    let told = world.while_blocked(block, flood).await;
    assert!(told.contains("too many webhook calls"), "{told}");
    world
        .eventually("calls are taken again", async || {
            Call::new("s-1").send(&world).await.status() == StatusCode::OK
        })
        .await;
}

#[rstest]
#[tokio::test]
async fn a_signed_order_under_another_shops_header_is_marked(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let world = WorldSpec::on(database).build().await;
    assert_eq!(Call::new("x-1").send(&world).await.status(), StatusCode::OK);
    let marked =
        "select count(*) from deliveries where webhook_id = 'x-1' and status = 'not_found' and note is not null";
    world
        .eventually("the delivery is marked", async || world.count(marked).await == 1)
        .await;
    assert_eq!(world.count("select count(*) from orders").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_product_is_forgotten_only_where_it_is_gone(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let world = WorldSpec::on(database).build().await;
    let product = |sku: &str| sandbox::ProductSpec {
        title: sku.to_owned(),
        variants: vec![sandbox::VariantSpec::new(sku, "20.00")],
        ..sandbox::ProductSpec::default()
    };
    let ids = world.shop.create_product(product("MUG")).expect("a product");
    let living = "select count(*) from variants where sku = 'MUG' and deleted_at is null";
    world
        .eventually("the variant is read", async || world.count(living).await == 1)
        .await;
    let claim = format!(r#"{{"id":{}}}"#, ids.id);
    let claimed = Call::new("p-1")
        .with_body(claim.into_bytes())
        .with("X-Shopify-Topic", "products/delete");
    assert_eq!(claimed.send(&world).await.status(), StatusCode::OK);
    let asked = "select count(*) from jobs where name = 'forget_product' and state in ('ready', 'running')";
    let read = "select count(*) from deliveries where webhook_id = 'p-1' and status = 'processed'";
    world
        .eventually("the claim is looked into", async || {
            world.count(read).await == 1 && world.count(asked).await == 0
        })
        .await;
    assert_eq!(world.count(living).await, 1, "the product is there");
}

#[rstest]
#[tokio::test]
async fn a_signed_body_under_another_shops_header_changes_nothing(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let world = WorldSpec::on(database).build().await;
    let other = world
        .shopify
        .create_shop("other.myshopify.com", sandbox::ShopSpec::default());
    let mut browser = sandbox::Browser::new().expect("a browser");
    browser
        .visit(other.install_url().expect("an address"))
        .await
        .expect("installs");
    let uninstall = format!(r#"{{"id":{},"domain":null,"myshopify_domain":null}}"#, world.shop.id());
    let foreign = Call::new("f-1")
        .with_body(uninstall.clone().into_bytes())
        .with("X-Shopify-Topic", "app/uninstalled")
        .with("X-Shopify-Shop-Domain", "other.myshopify.com");
    assert_eq!(foreign.send(&world).await.status(), StatusCode::OK);
    // The right header, but Shopify itself knows nothing of an uninstall.
    let untrue = Call::new("f-2")
        .with_body(uninstall.into_bytes())
        .with("X-Shopify-Topic", "app/uninstalled");
    assert_eq!(untrue.send(&world).await.status(), StatusCode::OK);
    world
        .eventually("both claims are recorded", async || {
            world
                .count("select count(*) from security_events where kind = 'foreign_webhook'")
                .await
                == 2
        })
        .await;
    assert_eq!(
        world
            .count("select count(*) from shops where status = 'installed'")
            .await,
        2
    );
}

/// Its stored body was spoiled: no try will help, and a person is told.
#[rstest]
#[tokio::test]
async fn a_delivery_that_cannot_be_read_holds_up_no_other(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let world = WorldSpec::on(database).build().await;
    let read = |id: &str, status: &str| {
        format!("select count(*) from deliveries where webhook_id = '{id}' and status = '{status}'")
    };
    Call::new("r-1").send(&world).await;
    world
        .eventually("the first is read", async || {
            world.count(&read("r-1", "received")).await == 0
        })
        .await;
    let bytes = match database {
        Database::Sqlite => "x'09'",
        Database::Postgres => r"'\x09'::bytea",
    };
    world
        .execute(&format!(
            "update deliveries set body = {bytes}, status = 'received' where webhook_id = 'r-1'"
        ))
        .await;
    Call::new("r-2").send(&world).await;
    world
        .eventually("the second is read, and the first left to a job", async || {
            world.count(&read("r-2", "received")).await == 0 && world.count(&read("r-1", "received")).await == 0
        })
        .await;
    let given_up = "select count(*) from jobs where name = 'process_delivery' and state = 'dead'";
    world
        .eventually("its job is given up", async || world.count(given_up).await == 1)
        .await;
    assert_eq!(world.count(&read("r-1", "given_up")).await, 1);
}
