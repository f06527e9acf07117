//! Several nodes over a broker that does what brokers do at their worst.

use throng_tests::simulation::cluster::{Seen, run};

/// The variable `THRONG_SEED` runs one seed again, which a failure has named. An optimised build runs some fifty seeds a second on each
/// core.
#[test]
fn clusters_deliver_what_they_must_and_tell_what_they_lost() {
    let named = std::env::var("THRONG_SEED").ok().map(|seed| seed.parse().expect("THRONG_SEED is a number"));
    let seeds: Vec<u64> = named.map_or_else(|| (0..super::seeds().div_ceil(2)).collect(), |seed| vec![seed]);
    super::on_all_cores(&seeds, |seed| run(seed, None).map(drop));
}

#[test]
fn clusters_of_the_same_seed_run_alike() {
    for seed in 0..4 {
        assert_eq!(run(seed, None), run(seed, None));
    }
}

/// Else an oracle could be right because nothing happens.
#[test]
fn clusters_see_each_kind_of_trouble_in_some_of_the_first_seeds() {
    let mut sum = Seen::default();
    for seed in 0..40 {
        let seen = run(seed, None).unwrap_or_else(|failure| panic!("{failure}"));
        assert!(seen.delivered > 0 || seen.ready < 2, "seed {seed}: {seen:?}");
        sum.told += seen.told;
        sum.ready += seen.ready;
        sum.unready += seen.unready;
        sum.joined += seen.joined;
        sum.gone += seen.gone;
        sum.superseded += seen.superseded;
        sum.dropped += seen.dropped;
        sum.repeated += seen.repeated;
        sum.late += seen.late;
        sum.unsent += seen.unsent;
        sum.room_pages += seen.room_pages;
        for (answer, count) in seen.answers {
            *sum.answers.entry(answer).or_default() += count;
        }
    }
    let links = [sum.ready, sum.unready, sum.joined, sum.gone, sum.superseded];
    let messages = [sum.told, sum.dropped, sum.repeated, sum.unsent, sum.room_pages];
    let counts = [links, messages].concat();
    assert!(counts.iter().all(|count| *count > 0), "{sum:?}");
    assert_eq!(sum.answers.len(), 4, "{sum:?}");
}
