//! Looks again at orders when a day begins on which a shop's rules, rates or mappings begin or end, or
//! an hour or a day by which its rules go: at those that can still be undone, and at those that wait
//! for a person because of routing.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};

use super::{
    revisit_orders::{routing_changed, time_passed},
    rule_facts,
};
use crate::{
    app::App,
    domain::{event::Actor, shop::ShopSettings},
    ids::ShopId,
    queue::{Attempt, Job, JobError, Priority, When, enqueue},
    routing::rulebook::{Rule, Tick},
    store::{self, mapping_components, shops},
};

/// Shops in one run; the next run goes on after the last.
const MOST: u64 = 100;

/// Looks at every shop.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct FollowDates {
    /// The shop that was looked at last.
    after: Option<ShopId>,
}

impl Job for FollowDates {
    const NAME: &'static str = "follow_dates";
    const PRIORITY: Priority = Priority::Background;

    fn shop(&self) -> Option<ShopId> {
        None
    }

    fn serial_key(&self) -> Option<String> {
        Some(Self::NAME.to_owned())
    }

    fn dedupe_key(&self) -> Option<String> {
        Some(Self::NAME.to_owned())
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let now = app.clock.now();
        let found = shops::page_of_installed(app.db.read(), self.after, MOST).await?;
        for shop in &found {
            if Passed::of(shop, now).is_some() {
                follow(app, shop.id, now).await?;
            }
        }
        if let Some(last) = found.last().filter(|_| found.len() as u64 == MOST) {
            let tx = app.db.begin().await?;
            let next = Self { after: Some(last.id) };
            enqueue(&tx, &next, When::now(app.clock.now_ms()))?;
            tx.commit().await?;
        }
        Ok(())
    }
}

/// From a day to a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    before: NaiveDate,
    today: NaiveDate,
}

/// What passed since a shop was looked at: on its own calendar, by which rules and rates go, and in
/// UTC, by which mappings do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Passed {
    own: Span,
    utc: Span,
    /// A day, or an hour, by which its rules go.
    has_ticked: bool,
}

impl Passed {
    /// None while it is the same day still, and the same hour where its rules go by that.
    fn of(shop: &shops::Model, now: DateTime<Utc>) -> Option<Self> {
        let seen = shop.dates_followed_until.unwrap_or(shop.installed_at);
        let own = Span {
            before: rule_facts::today(shop, seen),
            today: rule_facts::today(shop, now),
        };
        let utc = Span {
            before: seen.date_naive(),
            today: now.date_naive(),
        };
        let rules = shop.settings.0.rules.iter();
        // One that cannot be read stops its own shop's routing, and not the looking at others.
        let rules = rules.filter(|rule| rule.is_in_force(own.today)).map(Rule::read);
        let is_other_day = own.before < own.today;
        let has_ticked = match rules.flatten().filter_map(|rule| rule.goes_by()).max() {
            Some(Tick::Hour) => rule_facts::hour(shop, seen) != rule_facts::hour(shop, now),
            Some(Tick::Day) => is_other_day,
            None => false,
        };
        let passed = Self { own, utc, has_ticked };
        (has_ticked || is_other_day || utc.before < utc.today).then_some(passed)
    }
}

/// Whether a rule or a rate counts on one of the days and not on the other.
fn turns(settings: &ShopSettings, own: Span) -> bool {
    let mut rules = settings.rules.iter();
    let mut rates = settings.routing.rates.iter();
    rules.any(|rule| rule.is_in_force(own.before) != rule.is_in_force(own.today))
        || rates.any(|rate| own.before < rate.on && rate.on <= own.today)
}

async fn follow(app: &App, shop: ShopId, now: DateTime<Utc>) -> Result<(), DbErr> {
    let tx = app.db.begin().await?;
    let Some(mut row) = shops::lock(&tx, shop).await? else {
        return Ok(());
    };
    // Another node may have been here before the lock was ours.
    let Some(passed) = Passed::of(&row, now) else {
        return Ok(());
    };
    let Span { before, today } = passed.utc;
    let is_other = turns(&row.settings.0, passed.own)
        || mapping_components::any_begins_or_ends(tx.conn(), shop, before, today).await?;
    row.dates_followed_until = Some(now);
    store::save(&tx, row)?;
    if is_other {
        let what = "A rule, a rate or a mapping began or ended with the day";
        routing_changed(&tx, shop, what, Actor::Orderyard.to_string(), now)?;
    } else if passed.has_ticked {
        time_passed(&tx, shop, now)?;
    }
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        costs::Rate,
        money::Currency,
        rules::{Consequence, RuleText},
    };

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 12, day).expect("a day")
    }

    fn check(settings: &ShopSettings, before: u32, today: u32, expect: bool) {
        let own = Span {
            before: day(before),
            today: day(today),
        };
        assert_eq!(turns(settings, own), expect, "{before} to {today}");
    }

    #[test]
    fn a_rule_turns_on_its_first_day_and_after_its_last() {
        let mut settings = ShopSettings::default();
        settings.rules.push(RuleText {
            name: "Advent".to_owned(),
            when: None,
            then: Consequence::NeverSplit,
            enabled: true,
            from: Some(day(1)),
            until: Some(day(24)),
        });
        check(&settings, 1, 2, false);
        check(&settings, 23, 24, false);
        check(&settings, 24, 25, true);
        check(&settings, 25, 26, false);
        settings.rules[0].from = Some(day(10));
        check(&settings, 8, 9, false);
        check(&settings, 8, 10, true);
        settings.rules[0].enabled = false;
        check(&settings, 9, 10, false);
    }

    #[test]
    fn a_rate_turns_on_its_day() {
        let mut settings = ShopSettings::default();
        settings.routing.rates.push(Rate {
            from: Currency::parse("USD").expect("a currency"),
            to: Currency::parse("EUR").expect("a currency"),
            factor: "0.9".parse().expect("a number"),
            on: day(10),
        });
        check(&settings, 8, 9, false);
        check(&settings, 9, 10, true);
        check(&settings, 9, 12, true);
        check(&settings, 10, 11, false);
    }
}
