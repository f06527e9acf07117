use super::{Deadlines, MARGIN};
use crate::serve::start;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::Poll;
use core::time::Duration;
use hyper::rt::Timer;
use throng_runtime::Hub;
use throng_runtime::hosting::HostedHub;
use tokio::time::{Instant, advance};

const TIME: Duration = Duration::from_secs(4);

fn hub() -> HostedHub {
    start(Hub::builder().build().expect("the config can stand"))
}

async fn is_over(mut deadline: Pin<&mut (impl Future<Output = ()> + ?Sized)>) -> bool {
    poll_fn(|cx| Poll::Ready(deadline.as_mut().poll(cx).is_ready())).await
}

#[tokio::test(start_paused = true)]
async fn a_deadline_is_over_a_margin_after_its_time() {
    let begin = Instant::now();
    Deadlines(hub()).sleep(TIME).await;
    assert_eq!(begin.elapsed(), TIME + MARGIN);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_stood_still_has_its_time_afterwards_and_one_that_is_always_late_ends_all_the_same() {
    let timer = Deadlines(hub());
    let mut deadline = timer.sleep_until(timer.now() + TIME);
    assert!(!is_over(deadline.as_mut()).await);
    let mut times = 0;
    while !is_over(deadline.as_mut()).await {
        advance(2 * TIME).await;
        times += 1;
        assert!(times < 100, "a machine whose timers are always late");
    }
    assert!(times >= 10, "{times}");
}

#[tokio::test(start_paused = true)]
async fn the_timer_of_hyper_begins_a_deadline_anew() {
    let timer = Deadlines(hub());
    let begin = Instant::now();
    let mut sleep = timer.sleep_until(timer.now() + TIME);
    for _ in 0..2 {
        assert!(!is_over(sleep.as_mut()).await);
        // Each part of the time by itself, as a process that runs would see it.
        for _ in 0..8 {
            advance(TIME / 8).await;
            assert!(!is_over(sleep.as_mut()).await, "its margin begins");
        }
        timer.reset(&mut sleep, timer.now() + TIME);
    }
    sleep.await;
    assert_eq!(begin.elapsed(), 3 * TIME + MARGIN);
    timer.sleep(TIME).await;
    assert_eq!(begin.elapsed(), 4 * TIME + 2 * MARGIN);
}
