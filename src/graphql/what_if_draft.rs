//! Drafts as they are told, and the ways to have them compared with the live routing.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    costs::{Costs, Routing, problems},
    errors::{Outcome, Problem, payload},
    guard,
    rules::RuleInput,
    scalars::id,
    suppliers::cutoff,
    what_if::WhatIfRun,
};
use crate::{
    actions::{
        connect_supplier::ConnectionChange,
        run_what_if,
        start_what_if::{self, NewConnection, NewWhatIf},
    },
    domain::money::Currency,
    error::AppError,
    store::{shops, what_if_runs},
};

/// A draft: what is left out is as it is live.
#[derive(InputObject)]
pub struct WhatIfInput {
    /// Orders placed from then on are compared.
    since: DateTime<Utc>,
    /// Not included; now, where it is left out or later.
    until: Option<DateTime<Utc>>,
    /// All rules, in their order.
    rules: Option<Vec<RuleInput>>,
    routing: Option<Routing>,
    connections: Option<Vec<WhatIfConnectionInput>>,
}

/// How an agreement would be different; what is left out is as it is.
#[derive(InputObject)]
pub struct WhatIfConnectionInput {
    supplier_id: ID,
    priority: Option<i32>,
    price_tolerance_pct: Option<String>,
    handling_days: Option<i32>,
    /// 0 to 23; null takes it away.
    cutoff_hour: MaybeUndefined<i32>,
    dangerous_goods: Option<bool>,
    checks_age: Option<bool>,
    active: Option<bool>,
    /// Null means that what the supplier charges is not known.
    costs: MaybeUndefined<Costs>,
}

impl WhatIfInput {
    fn meaning(self, currency: Currency) -> Outcome<Result<NewWhatIf, Vec<Problem>>> {
        let mut wrong: Vec<Problem> = Vec::new();
        let mut rules = Vec::new();
        let has_rules = self.rules.is_some();
        for (index, rule) in self.rules.into_iter().flatten().enumerate() {
            let (rule, problems) = payload(rule.text())?;
            rules.extend(rule);
            wrong.extend(within(problems, &["rules", &index.to_string()]));
        }
        let routing = match self.routing.map(|routing| routing.meaning(currency)).transpose() {
            Ok(routing) => routing,
            Err(flaws) => {
                wrong.extend(within(problems(flaws), &["routing"]));
                None
            }
        };
        let mut connections = Vec::new();
        for (index, connection) in self.connections.into_iter().flatten().enumerate() {
            match connection.meaning() {
                Ok(connection) => connections.push(connection),
                Err(found) => wrong.extend(within(found, &["connections", &index.to_string(), "costs"])),
            }
        }
        if !wrong.is_empty() {
            return Ok(Err(wrong));
        }
        Ok(Ok(NewWhatIf {
            since: self.since,
            until: self.until,
            rules: has_rules.then_some(rules),
            routing,
            connections,
        }))
    }
}

impl WhatIfConnectionInput {
    fn meaning(self) -> Result<NewConnection, Vec<Problem>> {
        let costs = match self.costs {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(costs) => Some(Some(costs.meaning().map_err(problems)?)),
        };
        Ok(NewConnection {
            supplier: id(&self.supplier_id),
            change: ConnectionChange {
                priority: self.priority,
                price_tolerance_pct: self.price_tolerance_pct,
                handling_days: self.handling_days,
                cutoff_hour: cutoff(self.cutoff_hour),
                dangerous_goods: self.dangerous_goods,
                checks_age: self.checks_age,
                active: self.active,
                ..ConnectionChange::default()
            },
            costs,
        })
    }
}

fn within(problems: Vec<Problem>, outer: &[&str]) -> Vec<Problem> {
    problems.into_iter().map(|problem| problem.under(outer)).collect()
}

#[derive(SimpleObject)]
pub struct WhatIfPayload {
    run: Option<WhatIfRun>,
    problems: Vec<Problem>,
}

impl WhatIfPayload {
    fn from(done: Result<what_if_runs::Model, AppError>) -> Outcome<Self> {
        let (run, problems) = payload(done)?;
        Ok(Self {
            run: run.map(WhatIfRun),
            problems,
        })
    }
}

#[derive(Default)]
pub struct WhatIfMutation;

#[Object]
impl WhatIfMutation {
    /// Compares a draft with how the shop routes now, over orders of a period. It goes on in the
    /// background and changes nothing: ask for `whatIfRun`.
    async fn start_what_if(&self, ctx: &Context<'_>, input: WhatIfInput) -> Outcome<WhatIfPayload> {
        let (shop, identity) = guard::shop_writer(ctx)?;
        let app = guard::app(ctx);
        let row = shops::by_id(app.db.read(), shop).await?;
        let currency = row.ok_or(AppError::NotFound("this shop"))?.currency;
        match input.meaning(currency)? {
            Ok(new) => WhatIfPayload::from(start_what_if::start_what_if(app, shop, new, &identity.actor()).await),
            Err(problems) => Ok(WhatIfPayload { run: None, problems }),
        }
    }

    /// Ends a comparison before its end; what was found so far stays.
    async fn cancel_what_if(&self, ctx: &Context<'_>, id: ID) -> Outcome<WhatIfPayload> {
        let (shop, _) = guard::shop_writer(ctx)?;
        WhatIfPayload::from(match self::id(&id) {
            Some(id) => run_what_if::cancel(guard::app(ctx), shop, id).await,
            None => Err(AppError::NotFound("this comparison")),
        })
    }
}
