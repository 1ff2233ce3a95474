//! What goes wrong on purpose, and when. A fault names what it strikes (a GraphQL operation, the
//! token endpoint, a webhook topic), what it does there, how often and with which probability.
//! Faults come and go while the sandbox runs; chance is seeded, so a failing run can be repeated.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde::{Deserialize, Serialize};

/// One planned misfortune.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    #[serde(flatten)]
    pub strike: Strike,
    /// How many times it strikes before it is used up; `None` for as long as it stands.
    #[serde(default)]
    pub times: Option<u32>,
    /// Between 0 and 1; `None` strikes always.
    #[serde(default)]
    pub probability: Option<f64>,
}

impl Fault {
    /// Strikes GraphQL requests whose operation name or root field is `operation`.
    pub fn graphql(operation: impl Into<String>, effect: AnswerFault) -> Self {
        Self::of(Strike::Graphql {
            operation: Some(operation.into()),
            effect,
        })
    }

    /// Strikes every GraphQL request.
    pub fn any_graphql(effect: AnswerFault) -> Self {
        Self::of(Strike::Graphql {
            operation: None,
            effect,
        })
    }

    /// Strikes the token endpoint; `grant` is `code`, `refresh_token`, `client_credentials` or
    /// `token_exchange`.
    pub fn token(grant: impl Into<String>, effect: AnswerFault) -> Self {
        Self::of(Strike::Token {
            grant: Some(grant.into()),
            effect,
        })
    }

    /// Strikes deliveries of this topic, `orders/create` for one.
    pub fn webhook(topic: impl Into<String>, effect: WebhookFault) -> Self {
        Self::of(Strike::Webhook {
            topic: Some(topic.into()),
            effect,
        })
    }

    /// Strikes every delivery.
    pub fn any_webhook(effect: WebhookFault) -> Self {
        Self::of(Strike::Webhook { topic: None, effect })
    }

    /// Limits how often it strikes.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Makes it strike by chance.
    #[must_use]
    pub fn with_probability(mut self, probability: f64) -> Self {
        self.probability = Some(probability);
        self
    }

    fn of(strike: Strike) -> Self {
        Self {
            strike,
            times: None,
            probability: None,
        }
    }
}

/// Where a fault strikes and what it does there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "target", rename_all = "snake_case")]
pub enum Strike {
    Graphql {
        operation: Option<String>,
        effect: AnswerFault,
    },
    Token {
        grant: Option<String>,
        effect: AnswerFault,
    },
    Webhook {
        topic: Option<String>,
        effect: WebhookFault,
    },
}

impl Strike {
    /// What is said of it where strikes are counted.
    fn name(&self) -> &'static str {
        match self {
            Self::Graphql { effect, .. } => match effect {
                AnswerFault::LostAnswer => "Admin API: answer lost",
                AnswerFault::ErrorBefore { .. } => "Admin API: error, not executed",
                AnswerFault::ErrorAfter { .. } => "Admin API: error after it was executed",
                AnswerFault::Throttled => "Admin API: throttled",
                AnswerFault::Delay { .. } => "Admin API: delayed",
                AnswerFault::Unauthorized => "Admin API: unauthorized",
            },
            Self::Token { .. } => "token endpoint: failed",
            Self::Webhook { effect, .. } => match effect {
                WebhookFault::Drop => "webhook: dropped",
                WebhookFault::Duplicate { .. } => "webhook: duplicated",
                WebhookFault::Delay { .. } => "webhook: delayed",
                WebhookFault::Reorder => "webhook: held back until the next",
            },
        }
    }
}

/// What happens to an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AnswerFault {
    /// Executed, then the connection closes without a byte of answer.
    LostAnswer,
    /// Not executed; this status instead.
    ErrorBefore { status: u16 },
    /// Executed; this status instead of the answer.
    ErrorAfter { status: u16 },
    /// Not executed: `THROTTLED` in a 200, or 429 at the token endpoint.
    Throttled,
    /// Executed after a pause.
    Delay { ms: u64 },
    /// Not executed: 401 as for a revoked token or a spent refresh token.
    Unauthorized,
}

/// What happens to a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WebhookFault {
    /// Never sent.
    Drop,
    /// Sent this many times in all, under one webhook id.
    Duplicate { copies: u32 },
    /// Sent later.
    Delay { ms: u64 },
    /// Held back until the next delivery has gone out.
    Reorder,
}

/// The faults in force.
#[derive(Debug)]
pub struct Faults {
    planned: Mutex<Vec<(u64, Fault)>>,
    chance: Mutex<StdRng>,
    struck: Mutex<BTreeMap<&'static str, u64>>,
    next_id: AtomicU64,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            planned: Mutex::new(Vec::new()),
            chance: Mutex::new(StdRng::seed_from_u64(seed)),
            struck: Mutex::default(),
            next_id: AtomicU64::new(1),
        }
    }

    /// Plans a fault; the answer names it for [`Faults::remove`].
    pub fn add(&self, fault: Fault) -> u64 {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        self.lock().push((id, fault));
        id
    }

    pub fn remove(&self, id: u64) {
        self.lock().retain(|(known, _)| *known != id);
    }

    pub fn clear(&self) {
        self.lock().clear();
    }

    /// The faults still planned, with the strikes they have left.
    pub fn list(&self) -> Vec<(u64, Fault)> {
        self.lock().clone()
    }

    /// How often each kind of fault struck so far.
    pub fn struck(&self) -> BTreeMap<&'static str, u64> {
        self.struck.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Starts chance over.
    pub fn seed(&self, seed: u64) {
        *self.chance.lock().unwrap_or_else(PoisonError::into_inner) = StdRng::seed_from_u64(seed);
    }

    pub(crate) fn on_graphql(&self, operation: Option<&str>, fields: &[String]) -> Option<AnswerFault> {
        self.strike(|strike| match strike {
            Strike::Graphql {
                operation: None,
                effect,
            } => Some(*effect),
            Strike::Graphql {
                operation: Some(wanted),
                effect,
            } => {
                let hit = operation == Some(wanted) || fields.contains(wanted);
                hit.then_some(*effect)
            }
            _ => None,
        })
    }

    pub(crate) fn on_token(&self, grant: &str) -> Option<AnswerFault> {
        self.strike(|strike| match strike {
            Strike::Token { grant: wanted, effect } => wanted
                .as_deref()
                .is_none_or(|wanted| wanted == grant)
                .then_some(*effect),
            _ => None,
        })
    }

    pub(crate) fn on_webhook(&self, topic: &str) -> Option<WebhookFault> {
        self.strike(|strike| match strike {
            Strike::Webhook { topic: wanted, effect } => wanted
                .as_deref()
                .is_none_or(|wanted| wanted == topic)
                .then_some(*effect),
            _ => None,
        })
    }

    /// The first planned fault that fits and whose chance comes up.
    fn strike<T>(&self, fits: impl Fn(&Strike) -> Option<T>) -> Option<T> {
        let mut planned = self.lock();
        let mut hit = None;
        for (index, (_, fault)) in planned.iter().enumerate() {
            if let Some(effect) = fits(&fault.strike)
                && fault.probability.is_none_or(|probability| self.chance(probability))
            {
                hit = Some((index, effect));
                break;
            }
        }
        let (index, effect) = hit?;
        if let Some((_, fault)) = planned.get(index) {
            let mut struck = self.struck.lock().unwrap_or_else(PoisonError::into_inner);
            *struck.entry(fault.strike.name()).or_default() += 1;
        }
        if let Some(left) = planned.get_mut(index).and_then(|(_, fault)| fault.times.as_mut()) {
            *left = left.saturating_sub(1);
            if *left == 0 {
                planned.remove(index);
            }
        }
        Some(effect)
    }

    fn chance(&self, probability: f64) -> bool {
        let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
        chance.random_bool(probability.clamp(0.0, 1.0))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(u64, Fault)>> {
        self.planned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
