//! The solver against plain enumeration: small problems with every feature, whose
//! plans can all be tried.

use proptest::{collection::vec, prelude::*};

use super::{problem::Problem, *};

const GRAIN: Score = 1_000;
const METERS: usize = 4;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (1..6_u64, 0..40_i128, 0..2_u32);
    (vec(step, 1..4), any::<bool>(), 0..6_i128).prop_map(|(widths, fixed, each)| {
        let (mut up_to, mut charge, mut parcels) = (0, 0, 0);
        let step = |(width, more, another): (u64, Score, u32)| {
            up_to += width;
            charge += more;
            parcels += another;
            Step {
                up_to,
                fixed: if fixed { charge * GRAIN } else { 0 },
                // A price by quantity falls with it.
                each: if fixed {
                    each
                } else {
                    (12 - each).max(0) / Score::from(parcels.max(1))
                } * GRAIN,
                parcels,
            }
        };
        widths.into_iter().map(step).collect()
    })
}

fn problem() -> impl Strategy<Value = Problem> {
    let meters = proptest::sample::subsequence((0..METERS).collect::<Vec<_>>(), 0..=2);
    let way = (0..20_i128, 1..6_u32, meters, 1..4_u64);
    let demand = (1..5_u32, vec(way, 1..5));
    (
        vec(steps(), METERS),
        vec(demand, 2..4),
        proptest::option::weighted(0.3, 1..5_u32),
        proptest::bool::weighted(0.2),
    )
        .prop_map(|(meters, demands, max_parcels, grouped)| {
            let mut problem = Problem::new(GRAIN, 100_000 * GRAIN);
            problem.max_parcels = max_parcels;
            for steps in meters {
                problem.push_meter(steps);
            }
            for (units, ways) in demands {
                problem.push_demand(units);
                for (each, most, meters, draw) in ways {
                    let draws: Vec<_> = meters.into_iter().map(|meter| (meter, draw)).collect();
                    problem.push_way(each * GRAIN, most.min(units), &draws);
                }
            }
            if grouped {
                let demands: Vec<usize> = (0..problem.demands.len()).collect();
                let of = |meter: usize| problem.meters[meter].taps.iter().map(|tap| tap.way).collect();
                let places = (0..METERS).map(of).collect();
                problem.groups.push(Group { demands, places });
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn finds_what_enumeration_finds(problem in problem()) {
        let most = problem.most();
        let mut best = Score::MAX;
        enumerate(&problem, 0, &mut vec![0; problem.ways.len()], &mut best);
        let solution = solve(&problem, &most, 10_000);
        prop_assert_eq!(problem.cost(&solution.units), Some(solution.cost));
        prop_assert!(problem.keeps_groups(&solution.units));
        prop_assert_eq!(solution.cost, best);
        prop_assert_eq!(solution.bound, best);
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
