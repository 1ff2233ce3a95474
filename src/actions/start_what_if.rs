//! Begins the comparison of a draft with how a shop routes now: checks the draft, and
//! keeps both sides as they are at that moment.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    change_rules::{self, RulesError},
    connect_supplier::{self, ConnectionChange},
    rule_facts,
    run_what_if::RunWhatIf,
    save_costs::{self, Known},
};
use crate::{
    app::App,
    domain::{
        costs::{ConnectionCosts, RoutingSettings},
        event::Actor,
        rules::{MOST_RULES, RuleText},
        shop::ShopSettings,
        what_if::{Basis, Draft, DraftConnection, Mark, WhatIfState},
    },
    error::AppError,
    ids::{ShopId, SupplierId, WhatIfRunId},
    store::{
        self, Tx,
        columns::Json,
        connections, shops,
        what_if_runs::{self, Model},
    },
};

/// Comparisons of one shop that may be under way or wait.
const MOST_OPEN: u64 = 5;

/// What is to be compared; what is missing is as it is.
#[derive(Clone, Debug)]
pub struct NewWhatIf {
    pub since: DateTime<Utc>,
    /// Not included; now, without one.
    pub until: Option<DateTime<Utc>>,
    /// All rules, in their order.
    pub rules: Option<Vec<RuleText>>,
    pub routing: Option<RoutingSettings>,
    pub connections: Vec<NewConnection>,
}

/// How an agreement would be different.
#[derive(Clone, Debug)]
pub struct NewConnection {
    /// None is nobody's.
    pub supplier: Option<SupplierId>,
    pub change: ConnectionChange,
    /// None inside means that they would not be known.
    pub costs: Option<Option<ConnectionCosts>>,
}

/// Writes a comparison and has it begin when a worker is free.
pub async fn start_what_if(app: &App, shop: ShopId, new: NewWhatIf, actor: &Actor) -> Result<Model, AppError> {
    let (now, since) = (app.clock.now(), new.since);
    // Nothing that is placed later is compared.
    let until = new.until.map_or(now, |until| until.min(now));
    if since >= until {
        return Err(AppError::invalid("since", "the period ends before it begins"));
    }
    let tx = app.db.begin().await?;
    let owner = shops::lock(&tx, shop).await?.ok_or(AppError::NotFound("this shop"))?;
    if what_if_runs::count_open(tx.conn(), shop, MOST_OPEN).await? >= MOST_OPEN {
        let message = format!("{MOST_OPEN} comparisons are under way already: wait for one, or cancel it");
        return Err(AppError::Conflict(message));
    }
    let known = save_costs::known(tx.conn(), shop).await?;
    let basis = Basis {
        live: side(owner.settings.0.clone(), &known),
        draft: draft(&tx, &owner, new, known, rule_facts::today(&owner, now)).await?,
    };
    let run = Model {
        id: WhatIfRunId::generate(),
        shop_id: shop,
        state: WhatIfState::Queued,
        since,
        until,
        currency: owner.currency,
        basis: Json(basis),
        mark: Json(Mark::default()),
        total: None,
        listed: 0,
        asked_by: actor.to_string(),
        asked_at: now,
        ended_at: None,
        failure: None,
    };
    store::insert(&tx, run.clone())?;
    let job = RunWhatIf {
        shop_id: shop,
        run_id: run.id,
    };
    job.enqueue(&tx, now, now)?;
    tx.commit().await?;
    Ok(run)
}

fn side(settings: ShopSettings, known: &[Known]) -> Draft {
    let drafted = |row: &connections::Model| DraftConnection {
        priority: row.priority,
        price_tolerance_bp: store::units(row.price_tolerance_bp),
        handling_days: store::units(row.handling_days),
        service: row.service.0.clone(),
        active: row.active,
        costs: row.costs.as_ref().map(|costs| costs.0.clone()),
    };
    let connections = known.iter().map(|(supplier, row)| (supplier.id, drafted(row)));
    Draft {
        settings: Some(settings),
        connections: connections.collect(),
    }
}

/// The shop as the draft would have it, if it could be like that.
async fn draft(
    tx: &Tx,
    owner: &shops::Model,
    new: NewWhatIf,
    mut known: Vec<Known>,
    today: NaiveDate,
) -> Result<Draft, AppError> {
    let mut settings = owner.settings.0.clone();
    if let Some(rules) = new.rules {
        check_rules(tx, owner.id, &rules).await?;
        settings.rules = rules;
    }
    for (index, connection) in new.connections.into_iter().enumerate() {
        let at = |error| under(&format!("connections.{index}"), error);
        let mut rows = known.iter_mut();
        let found = rows.find(|(supplier, _)| Some(supplier.id) == connection.supplier);
        let Some((_, row)) = found else {
            let message = "the shop has no connection with this supplier";
            return Err(at(AppError::invalid("supplierId", message)));
        };
        connect_supplier::apply(row, &connection.change).map_err(at)?;
        if let Some(costs) = connection.costs {
            row.costs = costs.map(Json);
        }
    }
    if let Some(routing) = new.routing {
        settings.routing = routing;
    }
    let checked = save_costs::check_routing(owner.currency, &settings.routing, &known, today);
    checked.map_err(|error| under("routing", error))?;
    Ok(side(settings, &known))
}

async fn check_rules(tx: &Tx, shop: ShopId, rules: &[RuleText]) -> Result<(), AppError> {
    if rules.len() > MOST_RULES {
        return Err(AppError::invalid(
            "rules",
            format!("a shop has at most {MOST_RULES} rules"),
        ));
    }
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, rule) in rules.iter().enumerate() {
        let at = format!("rules.{index}");
        let message = match change_rules::check(tx.conn(), shop, rule).await {
            Ok(()) if names.insert(&rule.name, index).is_some() => {
                AppError::invalid("name", format!("there is a rule “{}” already", rule.name))
            }
            Ok(()) => continue,
            Err(RulesError::Condition { message, place }) => {
                let message = format!("{message} (line {}, column {})", place.line, place.column);
                AppError::invalid("when", message)
            }
            Err(RulesError::Other(error)) => error,
        };
        return Err(under(&at, message));
    }
    Ok(())
}

/// The same of a field inside of another.
fn under(outer: &str, error: AppError) -> AppError {
    match error {
        AppError::Invalid { field, message } => {
            let field = field.map_or_else(|| outer.to_owned(), |field| format!("{outer}.{field}"));
            AppError::invalid(field, message)
        }
        error => error,
    }
}
