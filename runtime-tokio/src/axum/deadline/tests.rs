use super::{Deadline, Deadlines, MARGIN};
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::Poll;
use core::time::Duration;
use hyper::rt::Timer;
use tokio::time::{Instant, advance};

const TIME: Duration = Duration::from_secs(4);

async fn is_over(mut deadline: Pin<&mut (impl Future<Output = ()> + ?Sized)>) -> bool {
    poll_fn(|cx| Poll::Ready(deadline.as_mut().poll(cx).is_ready())).await
}

#[tokio::test(start_paused = true)]
async fn a_deadline_is_over_a_margin_after_its_time() {
    let begin = Instant::now();
    Deadline::after(TIME).await;
    assert_eq!(begin.elapsed(), TIME + MARGIN);
}

#[tokio::test(start_paused = true)]
async fn after_a_standstill_sockets_are_read_first_and_the_whole_time_begins_again() {
    let mut deadline = pin!(Deadline::after(TIME));
    assert!(!is_over(deadline.as_mut()).await);
    for _ in 0..3 {
        advance(TIME + MARGIN).await;
        assert!(!is_over(deadline.as_mut()).await, "a timer that is late is not believed");
    }
    let begin = Instant::now();
    deadline.await;
    assert_eq!(begin.elapsed(), TIME + MARGIN);
}

#[tokio::test(start_paused = true)]
async fn a_standstill_within_the_margin_counts_as_well() {
    let mut deadline = pin!(Deadline::after(TIME));
    assert!(!is_over(deadline.as_mut()).await);
    advance(TIME).await;
    assert!(!is_over(deadline.as_mut()).await, "its margin begins");
    advance(2 * MARGIN).await;
    assert!(!is_over(deadline.as_mut()).await, "the process stood still for most of it");
    let begin = Instant::now();
    deadline.await;
    assert_eq!(begin.elapsed(), TIME + MARGIN);
}

#[tokio::test(start_paused = true)]
async fn the_timer_of_hyper_begins_a_deadline_anew() {
    let timer = Deadlines(TIME);
    let begin = Instant::now();
    let mut sleep = timer.sleep_until(timer.now() + TIME);
    for _ in 0..2 {
        advance(TIME).await;
        assert!(!is_over(sleep.as_mut()).await, "its margin begins");
        timer.reset(&mut sleep, timer.now() + TIME);
    }
    sleep.await;
    assert_eq!(begin.elapsed(), 3 * TIME + MARGIN);
    timer.sleep(TIME).await;
    assert_eq!(begin.elapsed(), 4 * TIME + 2 * MARGIN);
}
