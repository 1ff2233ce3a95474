//! More calls at once than a key may make, and more reports than may wait.

use futures::{StreamExt as _, stream::FuturesUnordered};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Caller, asked};
use crate::{harness::Database, stories::shop::Plot};

/// The database takes nothing for a while, and reports come on: a bounded number waits, and the others
/// are told at once when to come back.
#[tokio::test]
async fn reports_that_find_no_place_are_sent_away_at_once() {
    let (story, _, number) = asked(Database::Sqlite, &[("MUG", 1)]).await;
    let placed = story.world.supplier("north").order(&number).expect("the order");
    let path = format!("purchase-orders/{number}/acknowledgements");
    // A key may make 200 calls at once.
    let callers = [
        Caller::of(&story.world, "north").await,
        Caller::of(&story.world, "north").await,
    ];
    let lines: Vec<Value> = placed
        .lines
        .iter()
        .map(|line| json!({ "line_id": line.line_id, "accepted": line.quantity }))
        .collect();
    let body = json!({ "reference": "SO-NEW", "lines": lines });
    // Their first use is written down before.
    for caller in &callers {
        assert_eq!(caller.get("purchase-orders").await.0, StatusCode::OK);
    }
    let blocked = async {
        let mut waiting = FuturesUnordered::new();
        for number in 0..360 {
            waiting.push(callers[number % 2].send(Method::POST, &path, Some(&body)));
        }
        let mut sent_away = 0;
        // Nobody of those who wait is answered while the database takes nothing.
        while sent_away < 360 - 256 {
            let answer = waiting.next().await.expect("an answer");
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert!(answer.headers().contains_key("retry-after"));
            let problem: Value = answer.json().await.expect("JSON");
            assert_eq!(problem["code"], "UNAVAILABLE");
            sent_away += 1;
        }
        waiting
    };
    let mut waiting = story.world.while_blocked("update shops set name = name", blocked).await;
    let mut taken = 0;
    while let Some(answer) = waiting.next().await {
        assert!(answer.status().is_success(), "{}", answer.status());
        taken += 1;
    }
    assert_eq!(taken, 256);
}

#[tokio::test]
async fn a_key_that_calls_too_often_is_told_to_wait() {
    let story = Plot::default().begin(Database::Sqlite).await;
    let north = Caller::of(&story.world, "north").await;
    let east = Caller::of(&story.world, "east").await;
    // More at once than a burst and what the smooth rate adds meanwhile.
    let flood = (0..1000).map(|_| north.send(Method::GET, "purchase-orders/NOWHERE-1", None));
    let answers = futures::future::join_all(flood).await;
    let refused = answers
        .iter()
        .find(|answer| answer.status() == StatusCode::TOO_MANY_REQUESTS)
        .expect("a refusal");
    assert_eq!(refused.headers()["retry-after"], "1");
    let passed = answers.iter().filter(|answer| answer.status() == StatusCode::NOT_FOUND);
    assert!(passed.count() >= 200, "a burst passes");
    assert_eq!(
        east.get("purchase-orders").await.0,
        StatusCode::OK,
        "each key has its own rate"
    );
}
