//! The load: signed webhooks over connections that stay open, each with an id of its own.
//!
//! Written on bare sockets, so that little of the machine goes into the generator.

use std::{
    net::Ipv4Addr,
    rc::Rc,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::LocalSet,
};
use uuid::Uuid;
use webhooks::Secrets;

use crate::Failure;

pub const SECRET: &str = "bench-client-secret";
pub const SHOP: &str = "bench.myshopify.com";
/// As issue trackers and shops report it: an ordinary order is about 8 KB.
const BODY_BYTES: usize = 8 * 1024;
const BODIES: u64 = 256;
/// As large as bodies may be, but for a few bytes, and how many of them differ.
const LARGE_BYTES: usize = 8 * 1024 * 1024 - 1024;
const LARGE_BODIES: u64 = 2;
/// How many ids come again and again where they do.
const REPEATED_IDS: u64 = 10_000;
/// What an order's text takes beside its lines.
const ALL_BUT_LINES: usize = 500;
/// Where the id stands until a call has its own.
const PLACEHOLDER: &str = "00000000-0000-0000-0000-000000000000";

/// Whole requests, signed once each; only their webhook id changes.
pub struct Requests {
    ready: Vec<Vec<u8>>,
    id_at: Vec<usize>,
    ids: Ids,
    /// Whether a server may end a connection while it is being sent what it has no room for.
    may_be_cut_off: bool,
}

/// Webhook ids come in no order, as Shopify's do.
#[derive(Clone, Copy)]
enum Ids {
    New,
    /// Of so many that come again and again.
    Few(u64),
}

impl Ids {
    fn next(self, turn: usize) -> Uuid {
        match self {
            Self::New => Uuid::new_v4(),
            Self::Few(many) => {
                let number = turn as u64 % many;
                // Scattered by the golden ratio, so that neighbours are not neighbours in an index.
                Uuid::from_u64_pair(number.wrapping_mul(0x9E37_79B9_7F4A_7C15), number)
            }
        }
    }
}

impl Requests {
    pub fn new() -> Result<Self, Failure> {
        Self::of(
            SHOP,
            "orders/create",
            (0..BODIES).map(|number| order(number, BODY_BYTES)),
        )
    }

    /// What a shop says of its products: to be read whole, and little follows from it.
    pub fn about_products(shop: &str) -> Result<Self, Failure> {
        Self::of(
            shop,
            "products/update",
            (0..BODIES).map(|number| order(number, BODY_BYTES)),
        )
    }

    /// Each was sent before, but for the first few.
    pub fn repeated() -> Result<Self, Failure> {
        let requests = Self::new()?;
        Ok(Self {
            ids: Ids::Few(REPEATED_IDS),
            ..requests
        })
    }

    /// As large as a webhook may be.
    pub fn large() -> Result<Self, Failure> {
        let bodies = (0..LARGE_BODIES).map(|number| {
            let mut body = order(number, LARGE_BYTES * 2 / 3);
            // After its end JSON may have room.
            body.resize(LARGE_BYTES, b' ');
            body
        });
        let requests = Self::of(SHOP, "orders/create", bodies)?;
        Ok(Self {
            may_be_cut_off: true,
            ..requests
        })
    }

    fn of(shop: &str, topic: &str, bodies: impl Iterator<Item = Vec<u8>>) -> Result<Self, Failure> {
        let secrets = Secrets::new([SECRET])?;
        let (mut ready, mut id_at) = (Vec::new(), Vec::new());
        for body in bodies {
            let head = format!(
                "POST /webhooks/shopify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
                 User-Agent: Shopify-Captain-Hook\r\nX-Shopify-Topic: {topic}\r\nX-Shopify-Shop-Domain: {shop}\r\n\
                 X-Shopify-Hmac-Sha256: {}\r\nX-Shopify-Webhook-Id: {PLACEHOLDER}\r\nX-Shopify-Event-Id: {PLACEHOLDER}\r\n\
                 X-Shopify-Api-Version: 2026-10\r\nX-Shopify-Triggered-At: 2026-11-21T10:00:00.000000000Z\r\n\
                 Content-Length: {}\r\n\r\n",
                secrets.sign_body(&body),
                body.len()
            );
            id_at.push(head.find(PLACEHOLDER).ok_or("the head has no id")?);
            ready.push([head.as_bytes(), &body].concat());
        }
        Ok(Self {
            ready,
            id_at,
            ids: Ids::New,
            may_be_cut_off: false,
        })
    }
}

/// An order as Shopify would send it, padded by lines to the size.
fn order(number: u64, bytes: usize) -> Vec<u8> {
    let mut lines = Vec::new();
    let mut size = ALL_BUT_LINES;
    while size < bytes {
        let line = lines.len() as u64;
        let line = json!({
            "id": 16_000_000_000_000_u64 + number * 100 + line,
            "admin_graphql_api_id": format!("gid://shopify/LineItem/{}", 16_000_000_000_000_u64 + number * 100 + line),
            "current_quantity": 1 + line % 3, "fulfillable_quantity": 1 + line % 3, "fulfillment_service": "manual",
            "fulfillment_status": null, "gift_card": false, "grams": 250 + number, "name": format!("Mug {} / {line}", number * 7919 % 1000),
            "price": format!("{}.{:02}", 10 + line, number % 100), "product_exists": true, "product_id": 8_000_000_000_000_u64 + number * 31 + line,
            "quantity": 1 + line % 3, "requires_shipping": true, "sku": format!("SKU-{:05}-{line}", number * 104_729 % 99_991),
            "taxable": true, "title": "A mug with a picture", "total_discount": "0.00",
            "variant_id": 45_000_000_000_000_u64 + number * 17 + line, "vendor": "North", "tax_lines": [], "duties": [],
        });
        size += line.to_string().len();
        lines.push(line);
    }
    let body = json!({
        "id": 5_600_000_000_000_u64 + number,
        "admin_graphql_api_id": format!("gid://shopify/Order/{}", 5_600_000_000_000_u64 + number),
        "name": format!("#{}", 1000 + number), "created_at": "2026-11-21T10:00:00+01:00", "currency": "EUR",
        "financial_status": "paid", "line_items": lines,
        "shipping_address": { "first_name": "Ada", "last_name": "Lovelace", "address1": format!("Street {number}"), "city": "Berlin", "zip": format!("{:05}", 10_000 + number * 37 % 89_999), "country_code": "DE" },
    });
    body.to_string().into_bytes()
}

/// What a load saw.
#[derive(Clone, Debug)]
pub struct Seen {
    pub per_second: f64,
    pub p50: Duration,
    pub p99: Duration,
    pub max: Duration,
    /// Answers other than 200.
    pub refused: u64,
}

/// How hard to press.
#[derive(Clone, Copy)]
pub enum Pace {
    /// Each connection sends as soon as it has its answer.
    Full,
    /// So many calls a second together, whatever the answers; waiting counts as latency.
    PerSecond(f64),
}

/// For how long calls are sent first that do not count.
pub fn warm_up(last: Duration) -> Duration {
    last / 4
}

/// Sends for a while over so many connections. Runs on the calling thread.
pub async fn send(
    port: u16,
    requests: Requests,
    connections: usize,
    pace: Pace,
    last: Duration,
) -> Result<Seen, Failure> {
    let requests = Rc::new(requests);
    let local = LocalSet::new();
    let warm_up = warm_up(last);
    let begin = Instant::now();
    let clients: Vec<_> = (0..connections)
        .map(|client| {
            let requests = Rc::clone(&requests);
            local.spawn_local(async move {
                connection(port, &requests, client, connections, pace, begin, warm_up, last).await
            })
        })
        .collect();
    local.await;
    let (mut times, mut refused) = (Vec::new(), 0);
    for client in clients {
        let (mine, not_taken) = client.await??;
        times.extend(mine);
        refused += not_taken;
    }
    times.sort_unstable();
    let at = |share: f64| {
        let time = times.get(rank(times.len(), share)).or(times.last());
        Duration::from_micros(u64::from(time.copied().unwrap_or(0)))
    };
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let per_second = times.len() as f64 / last.as_secs_f64();
    Ok(Seen {
        per_second,
        p50: at(0.5),
        p99: at(0.99),
        max: at(1.0),
        refused,
    })
}

/// Which of so many sorted values is the one that this share of them stays below.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a rank"
)]
pub fn rank(count: usize, share: f64) -> usize {
    (count as f64 * share) as usize
}

/// Latencies in microseconds of one connection's calls after the warm-up.
#[expect(clippy::too_many_arguments, reason = "one client's whole task")]
async fn connection(
    port: u16,
    requests: &Requests,
    client: usize,
    clients: usize,
    pace: Pace,
    begin: Instant,
    warm_up: Duration,
    last: Duration,
) -> Result<(Vec<u32>, u64), Failure> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.set_nodelay(true)?;
    let mut ready = requests.ready.clone();
    let mut answer = Vec::with_capacity(1024);
    let (mut times, mut refused) = (Vec::new(), 0);
    let mut turn = client;
    let mut due = begin;
    loop {
        let mut sent = Instant::now();
        if let Pace::PerSecond(rate) = pace {
            #[expect(clippy::cast_precision_loss, reason = "few clients")]
            let interval = Duration::from_secs_f64(clients as f64 / rate);
            if due == begin {
                #[expect(clippy::cast_precision_loss, reason = "few clients")]
                let share = interval.mul_f64(client as f64 / clients as f64);
                due += share;
            }
            tokio::time::sleep_until(due.into()).await;
            sent = due;
            due += interval;
        }
        if begin.elapsed() >= warm_up + last {
            return Ok((times, refused));
        }
        let which = turn % ready.len();
        turn += 1;
        let request = &mut ready[which];
        let id_at = requests.id_at[which];
        let id = requests.ids.next(turn);
        id.hyphenated()
            .encode_lower(&mut request[id_at..id_at + PLACEHOLDER.len()]);
        let status = match exchange(&mut stream, request, &mut answer).await {
            Err(_) if requests.may_be_cut_off => {
                stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
                0
            }
            status => status?,
        };
        if begin.elapsed() > warm_up && begin.elapsed() <= warm_up + last {
            if status == 200 {
                times.push(u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX));
            } else {
                refused += 1;
            }
        }
    }
}

async fn exchange(stream: &mut TcpStream, request: &[u8], answer: &mut Vec<u8>) -> Result<u16, Failure> {
    stream.write_all(request).await?;
    read_answer(stream, answer).await
}

/// The status of one signed webhook, which no call had before.
pub async fn one(port: u16, requests: &Requests) -> Result<u16, Failure> {
    let (Some(mut request), Some(&id_at)) = (requests.ready.first().cloned(), requests.id_at.first()) else {
        return Err("no request is ready".into());
    };
    Uuid::new_v4()
        .hyphenated()
        .encode_lower(&mut request[id_at..id_at + PLACEHOLDER.len()]);
    ask(port, &request).await
}

/// The status of what a path answers.
pub async fn get(port: u16, path: &str) -> Result<u16, Failure> {
    ask(
        port,
        format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").as_bytes(),
    )
    .await
}

async fn ask(port: u16, request: &[u8]) -> Result<u16, Failure> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.set_nodelay(true)?;
    stream.write_all(request).await?;
    read_answer(&mut stream, &mut Vec::new()).await
}

/// Reads one answer to its end, by its length.
async fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<u16, Failure> {
    buffer.clear();
    let (head, length) = loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err("a connection was closed".into());
        }
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = std::str::from_utf8(&buffer[..end])?;
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.trim().parse::<usize>().ok())?
            });
            break (end + 4, length.unwrap_or(0));
        }
    };
    while buffer.len() < head + length {
        if stream.read_buf(buffer).await? == 0 {
            return Err("a connection was closed".into());
        }
    }
    let status = std::str::from_utf8(buffer.get(9..12).ok_or("no status")?)?;
    Ok(status.parse()?)
}
