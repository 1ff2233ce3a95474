//! Forged, foreign and refused calls, kept for the operator.
//!
//! Anybody can send such calls, so their number must not fill the disk: above
//! a rate they are counted and no longer written.

use std::{sync::Mutex, time::Duration};

use crate::{
    app::App,
    domain::text_enum::text_enum,
    ids::EventId,
    store::{self, security_events::Model},
};

text_enum! {
    pub enum SecurityEventKind {
        ForgedWebhook = "forged_webhook",
        OversizedWebhook = "oversized_webhook",
        /// Signed, but without what it takes to keep it: one of the headers, or a body.
        IncompleteWebhook = "incomplete_webhook",
        /// Signed, but its body names another shop than its header.
        ForeignWebhook = "foreign_webhook",
        BadInstallCallback = "bad_install_callback",
        ForeignPurchaseOrder = "foreign_purchase_order",
        BadApiKey = "bad_api_key",
    }
}

const MOST_PER_MINUTE: u32 = 120;

/// The refusal itself must not wait for a database that is busy.
const LONGEST_WRITE: Duration = Duration::from_secs(2);

/// Minute and events written in it, of this process.
static WRITTEN: Mutex<(i64, u32)> = Mutex::new((0, 0));

/// Writes the event, and never fails the call that caused it.
pub async fn record(app: &App, kind: SecurityEventKind, subject: &str, detail: &str) {
    metrics::counter!("orderyard_security_events_total", "kind" => kind.as_str()).increment(1);
    let now = app.clock.now();
    if !may_write(now.timestamp() / 60) {
        return;
    }
    let event = Model {
        id: EventId::generate(),
        at: now,
        kind: kind.as_str().to_owned(),
        subject: subject.chars().take(200).collect(),
        detail: detail.chars().take(500).collect(),
    };
    tracing::warn!(kind = kind.as_str(), subject = event.subject, detail, "security event");
    let written = async {
        let tx = app.db.begin().await?;
        store::insert(&tx, event)?;
        tx.commit().await
    };
    match tokio::time::timeout(LONGEST_WRITE, written).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "a security event cannot be written"),
        Err(_) => tracing::error!("a security event cannot be written in time"),
    }
}

fn may_write(minute: i64) -> bool {
    let mut written = WRITTEN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if written.0 != minute {
        *written = (minute, 0);
    }
    written.1 += 1;
    written.1 <= MOST_PER_MINUTE
}
