//! The solver against plain enumeration: small problems with every feature, whose
//! plans can all be tried.

use proptest::{collection::vec, prelude::*};

use super::{
    bound::Bounder,
    node::Node,
    problem::Problem,
    search::{Effort, search},
    small::{TooMuch, better},
    solve::leaving_units,
    *,
};

const GRAIN: Score = 1_000;
/// Costs in it do not fit into 64 bits.
const WIDE_GRAIN: Score = 1_000_000_000_000_000_003;
const METERS: usize = 4;

fn steps(grain: Score) -> impl Strategy<Value = Vec<Step>> {
    let step = (1..6_u64, 0..40_i128, 0..2_u32);
    (vec(step, 1..4), any::<bool>(), 0..6_i128).prop_map(move |(widths, fixed, each)| {
        let (mut up_to, mut charge, mut parcels) = (0, 0, 0);
        let step = |(width, more, another): (u64, Score, u32)| {
            up_to += width;
            charge += more;
            parcels += another;
            Step {
                up_to,
                fixed: if fixed { charge * grain } else { 0 },
                // A price by quantity falls with it.
                each: if fixed {
                    each
                } else {
                    (12 - each).max(0) / Score::from(parcels.max(1))
                } * grain,
                parcels,
            }
        };
        widths.into_iter().map(step).collect()
    })
}

fn problem() -> impl Strategy<Value = Problem> {
    prop_oneof![3 => problem_in(GRAIN), 1 => problem_in(WIDE_GRAIN)]
}

fn problem_in(grain: Score) -> impl Strategy<Value = Problem> {
    let meters = proptest::sample::subsequence((0..METERS).collect::<Vec<_>>(), 0..=2);
    let way = (0..20_i128, 1..6_u32, meters, 1..4_u64);
    let demand = (1..5_u32, vec(way, 1..5));
    (
        vec(steps(grain), METERS),
        vec(demand, 2..4),
        proptest::option::weighted(0.3, 1..5_u32),
        proptest::bool::weighted(0.4),
        any::<bool>(),
    )
        .prop_map(move |(meters, demands, max_parcels, grouped, is_whole)| {
            let mut problem = Problem::new(grain, 100_000 * grain);
            problem.max_parcels = max_parcels;
            for steps in meters {
                problem.push_meter(steps);
            }
            for (units, ways) in demands {
                problem.push_demand(units);
                for (each, most, meters, draw) in ways {
                    let draws: Vec<_> = meters.into_iter().map(|meter| (meter, draw)).collect();
                    problem.push_way(each * grain, most.min(units), &draws);
                }
            }
            if grouped {
                // Not all of them always: what is outside may take what the group needs.
                let outside = usize::from(is_whole && problem.demands[0].units.is_multiple_of(2));
                let demands: Vec<usize> = (outside..problem.demands.len()).collect();
                let of = |meter: usize| problem.meters[meter].taps.iter().map(|tap| tap.way).collect();
                let places = (0..METERS).map(of).collect();
                problem.groups.push(Group {
                    demands,
                    places,
                    is_whole,
                });
            }
            problem
        })
}

fn enumerate(problem: &Problem, way: usize, units: &mut Vec<u32>, best: &mut Score) {
    if way == problem.ways.len() {
        if let Some(cost) = problem.cost(units).filter(|_| problem.keeps_groups(units)) {
            *best = cost.min(*best);
        }
        return;
    }
    let demand = &problem.demands[problem.ways[way].demand];
    let served: u32 = units[demand.ways.start..way].iter().sum();
    for taken in 0..=problem.ways[way].most.min(demand.units - served) {
        units[way] = taken;
        enumerate(problem, way + 1, units, best);
    }
    units[way] = 0;
}

/// The first plan shuts the way with the charge, and what is relaxed then is the only cheapest
/// plan: found while the root is bounded again, not in any part of it.
#[test]
fn tries_what_is_relaxed_after_something_was_shut() {
    let mut problem = Problem::new(GRAIN, 100_000 * GRAIN);
    let step = Step {
        up_to: 1,
        fixed: 6 * GRAIN,
        each: 0,
        parcels: 0,
    };
    let meter = problem.push_meter(vec![step]);
    problem.push_demand(2);
    problem.push_way(5 * GRAIN, 1, &[]);
    problem.push_way(0, 1, &[(meter, 1)]);
    problem.push_way(3 * GRAIN, 2, &[]);
    problem.push_way(0, 1, &[]);
    let solution = solve(&problem, &problem.most(), 10_000);
    assert_eq!(solution.units, [0, 0, 1, 1]);
    assert_eq!(solution.cost, 3 * GRAIN);
    assert!(solution.is_proven());
}

/// Where each of many groups must find its place before there is a plan, and no time is left for any.
#[test]
fn tries_one_plan_before_it_is_cut_off_among_many_groups() {
    const GROUPS: usize = 6;
    let mut problem = Problem::new(GRAIN, 100_000 * GRAIN);
    for _ in 0..GROUPS {
        let demand = problem.push_demand(1);
        let ways = [5, 3].map(|each| problem.push_way(each * GRAIN, 1, &[]));
        problem.groups.push(Group {
            demands: vec![demand],
            places: ways.map(|way| vec![way]).into(),
            is_whole: true,
        });
    }
    let effort = Effort {
        bounds: 1,
        is_thorough: false,
        plan: None,
    };
    let solution = search(&problem, &problem.most(), effort);
    assert!(solution.cost < problem.unserved, "every group is served: {solution:?}");
    assert!(problem.keeps_groups(&solution.units));
    assert_eq!(problem.cost(&solution.units), Some(solution.cost));
}

fn cheapest(problem: &Problem) -> Score {
    let mut best = Score::MAX;
    enumerate(problem, 0, &mut vec![0; problem.ways.len()], &mut best);
    best
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn finds_what_enumeration_finds(problem in problem()) {
        let most = problem.most();
        let best = cheapest(&problem);
        let solution = solve(&problem, &most, 10_000);
        prop_assert_eq!(problem.cost(&solution.units), Some(solution.cost));
        prop_assert!(problem.keeps_groups(&solution.units));
        prop_assert_eq!(solution.cost, best);
        prop_assert_eq!(solution.bound, best);
    }

    /// What is only done for orders that the first search does not settle.
    #[test]
    fn finds_the_same_from_a_better_bound_and_with_the_units_counted_first(problem in problem()) {
        let most = problem.most();
        let best = cheapest(&problem);
        let nothing = vec![0; problem.ways.len()];
        let effort = Effort {
            bounds: 100_000,
            is_thorough: true,
            plan: Some(&nothing),
        };
        for solution in [search(&problem, &most, effort), leaving_units(&problem, &most, effort)] {
            prop_assert_eq!(problem.cost(&solution.units), Some(solution.cost));
            prop_assert!(problem.keeps_groups(&solution.units));
            prop_assert_eq!((solution.cost, solution.bound), (best, best));
        }
    }

    #[test]
    fn a_search_cut_short_still_bounds_the_optimum(problem in problem(), nodes in 0..4_u32) {
        let most = problem.most();
        let short = solve(&problem, &most, nodes);
        let full = solve(&problem, &most, 10_000);
        prop_assert!(short.bound <= full.cost && full.cost <= short.cost);
        prop_assert_eq!(problem.cost(&short.units), Some(short.cost));
    }
}

/// Three demands and three suppliers, each of which has two of them and charges ten for coming at all: halves of all three
/// would do at fifteen, which no plan can.
fn triangle() -> Problem {
    let mut problem = Problem::new(GRAIN, 100 * GRAIN);
    for _ in 0..3 {
        problem.push_meter(vec![Step {
            up_to: 2,
            fixed: 10 * GRAIN,
            each: 0,
            parcels: 1,
        }]);
    }
    for demand in 0..3 {
        problem.push_demand(1);
        problem.push_way(0, 1, &[(demand, 1)]);
        problem.push_way(0, 1, &[((demand + 1) % 3, 1)]);
    }
    problem
}

fn better_than(problem: &Problem, cost: Score, steps: u32) -> Result<Option<(Score, Vec<u32>)>, TooMuch> {
    let mut node = Node::root(problem, &problem.most());
    node.tighten(problem).expect("there are plans");
    let mut bounder = Bounder::of(problem);
    bounder.bound(problem, &mut node, 8, Score::MAX);
    assert!(node.bound < 20 * GRAIN, "the bound alone does not tell");
    better(problem, &node, bounder.relaxed(), cost, steps)
}

#[test]
fn a_small_order_is_gone_through_at_once() {
    let problem = triangle();
    let (cost, units) = better_than(&problem, 300 * GRAIN, 1_000)
        .expect("small")
        .expect("a plan");
    assert_eq!(cost, 20 * GRAIN);
    assert_eq!(problem.cost(&units), Some(cost));
    let little_dearer = better_than(&problem, cost + GRAIN, 1_000);
    assert_eq!(little_dearer.expect("small").expect("a plan").0, cost);
    assert_eq!(better_than(&problem, cost, 1_000), Ok(None));
    assert_eq!(better_than(&problem, 300 * GRAIN, 3), Err(TooMuch));
    let mut limited = problem;
    limited.max_parcels = Some(2);
    assert_eq!(better_than(&limited, 300 * GRAIN, 1_000), Err(TooMuch));
}
