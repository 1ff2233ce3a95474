//! What a setup file must not ask for, beside what `domain::setup` refuses by itself: what connectors, routing
//! and the clock say to it.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use secrecy::SecretString;

use crate::{
    app::App,
    connectors::Target,
    domain::{
        rules::RuleText,
        setup::{
            Plan, Problem, Setup,
            model::{Installation, Placed, WantedConnection},
            plan::Step,
        },
    },
    routing::rulebook::Rule,
};

/// How far the clock of whoever counted may be ahead of ours.
const MOST_AHEAD: TimeDelta = TimeDelta::minutes(1);

/// Asks whether the shop buys from all suppliers of a draft: others have no offers in its past.
pub fn connected(setup: &Setup, now: &Installation, domain: &str) -> Result<(), Vec<Problem>> {
    let connected = now.shops.get(domain).map(|shop| &shop.connections);
    let wanted = setup.shops.iter().filter(|shop| shop.domain == domain);
    let wanted = wanted.flat_map(|shop| &shop.connections);
    let new = wanted.filter(|with| with.active && connected.is_none_or(|known| !known.contains_key(&with.supplier)));
    let problem = |with: &WantedConnection| Problem {
        at: with.origin.at,
        path: with.origin.path.clone(),
        message: format!(
            "the shop has no connection with “{}” yet, and a draft cannot add one: apply it first, paused if need be",
            with.supplier
        ),
    };
    let problems: Vec<Problem> = new.map(problem).collect();
    none(problems)
}

/// Asks each connector whether what its suppliers are given can work at all.
pub fn targets(app: &App, setup: &Setup, plan: &Plan) -> Result<(), Vec<Problem>> {
    let mut problems = Vec::new();
    for change in &plan.changes {
        let Step::Supplier { key, terms } = &change.step else {
            continue;
        };
        let target = Target {
            endpoint: terms.endpoint.as_deref().and_then(|url| url.parse().ok()),
            secret: terms.secret.as_ref().map(|secret| SecretString::from(secret.0.clone())),
        };
        let origin = setup
            .suppliers
            .iter()
            .find(|supplier| supplier.key == *key)
            .map(|supplier| &supplier.origin);
        if let (Err(error), Some(origin)) = (app.connectors.of(terms.connector).check(&target), origin) {
            problems.push(Problem {
                at: origin.at,
                path: origin.path.key("settings"),
                message: error.to_string(),
            });
        }
    }
    none(problems)
}

/// Asks routing whether it can read every rule's condition.
pub fn rules(setup: &Setup) -> Result<(), Vec<Problem>> {
    let rules = setup.shops.iter().filter_map(|shop| shop.rules.as_ref()).flatten();
    let problem = |rule: &Placed<RuleText>| {
        let error = Rule::read(&rule.value).err()?;
        Some(Problem {
            at: rule.origin.at,
            path: rule.origin.path.clone(),
            message: format!("{error}, in {}", rule.value.when.as_deref().unwrap_or_default()),
        })
    };
    let problems: Vec<Problem> = rules.filter_map(problem).collect();
    none(problems)
}

/// Refuses stock that will be counted: what is accepted until then would not be reserved.
pub fn counts(setup: &Setup, now: DateTime<Utc>) -> Result<(), Vec<Problem>> {
    let offers = setup.suppliers.iter().flat_map(|supplier| &supplier.offers);
    let times = offers.filter_map(|offer| offer.counted_at.as_ref());
    let mut problems: Vec<Problem> = times
        .filter(|time| time.value > now + MOST_AHEAD)
        .map(|time| Problem {
            at: time.origin.at,
            path: time.origin.path.clone(),
            message: format!(
                "this is in the future: here it is {}",
                now.to_rfc3339_opts(SecondsFormat::Secs, true)
            ),
        })
        .collect();
    // A supplier's time is that of all its offers.
    problems.dedup();
    none(problems)
}

fn none(problems: Vec<Problem>) -> Result<(), Vec<Problem>> {
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}
