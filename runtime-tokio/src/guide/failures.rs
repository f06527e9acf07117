//! Known failures of other hubs, throng's behaviour instead, and the tests that show it.
//!
//! The failures were found in the sources of other hubs and in what their users ask for most. Each row has the failure,
//! throng's behaviour, and a test by its file and name. Failures of several nodes are at the [end](#several-nodes).
//!
//! The core is one state machine behind one lock, so it handles one event at a time: if a join and a leave race, one of them
//! comes first, and after either order all [invariants](crate::hub::Hub::check) hold. That is why most of these failures cannot
//! occur; the tests cover the rest.
//!
//! # Of wshub
//!
//! | failure | here | test |
//! | --- | --- | --- |
//! | a join that races with the last leave lands in an orphan room | a room exists exactly while it has members | `runtime-tokio/tests/serve/rooms.rs::a_join_that_meets_the_last_leave_is_in_a_room_that_is_there`, `tests/tests/stress.rs::all_adds_up_after_everything_at_once` |
//! | a join that races with a disconnect leaves a ghost | an ended client is in no room and joins none | `runtime-tokio/tests/serve/rooms.rs::a_join_that_meets_the_end_of_its_client_leaves_no_ghost_and_no_user`, `core/src/hub/tests/rooms.rs::a_join_after_the_end_leaves_no_ghost_and_no_orphan_room` |
//! | a user id that is set after unregister leaks in the index | the call is refused: the client id is stale | `core/src/hub/tests/users.rs::a_user_set_after_the_end_leaves_nothing_behind` |
//! | a send with deadline to a dead client waits for ever | the wait ends with the client, the hub or the deadline | `core/runtime/src/tests/within.rs::it_ends_when_the_client_goes`, `tests/conformance/behaviours/hub/pressure.rs::whoever_waits_for_room_is_released_when_the_client_goes` |
//! | one slow client stalls a broadcast with deadline | each client gets the message when it has room; none waits for another | `core/runtime/src/tests/within.rs::who_has_room_gets_it_at_once_and_the_others_when_they_have` |
//! | the drop hook runs under a lock: a deadlock when it sends | no hook runs under a lock | `core/runtime/src/tests/handles.rs::what_is_dropped_is_told_under_no_lock`, `core/runtime/src/tests/hooks/order.rs::a_hook_may_do_anything_to_its_own_client` |
//! | a before-disconnect hook stalls the hub up to 5 s for each client | a hook stalls only its own client | `tests/conformance/behaviours/hub/hooks.rs::a_handler_that_never_returns_stalls_its_own_client_only`, `tests/conformance/behaviours/hub/hooks.rs::a_shutdown_does_not_wait_for_a_hook` |
//! | shutdown fires no disconnect hooks | `left` and `disconnected` are called for every client | `core/src/hub/tests/shutdown.rs::everybody_is_closed_and_told_of`, `tests/conformance/behaviours/hub/draining.rs::a_shutdown_closes_everybody_at_once` |
//! | a shutdown closes clients with 1000 | clients are closed with 1001 | `tests/conformance/behaviours/hub/draining.rs::a_shutdown_closes_everybody_at_once` |
//! | "idle" counts active clients in drain | a client is idle if it had no message either way for `Drain::idle` | `core/src/hub/tests/drain.rs::the_idle_go_early_and_the_active_do_not` |
//! | a drain closes all clients on one tick, without jitter | each client is closed at a random moment of its own share of the spread | `core/src/hub/tests/drain.rs::clients_are_spread_evenly_over_the_time_given`, `tests/conformance/behaviours/hub/draining.rs::a_drain_closes_everybody_spread_over_the_time_given` |
//! | a client can join after drain returned | newcomers are refused once a drain has begun | `core/src/hub/tests/drain.rs::nobody_slips_in_after_a_drain`, `core/src/hub/tests/shutdown.rs::nobody_slips_in_before_or_after_the_sweep` |
//! | over-rate messages vanish silently | reading pauses, so no message vanishes; if messages are dropped, one notice counts many | `core/runtime/src/tests/driver.rs::over_the_rate_reading_pauses_and_goes_on`, `core/src/hub/tests/rates.rs::messages_over_the_rate_are_dropped_with_one_notice`, `tests/conformance/behaviours/hub/floods.rs::a_flood_is_dropped_with_notice` |
//! | each over-rate message writes a log line | each kind is logged at most once a second, with a count | `core/runtime/src/tests/log.rs::what_happens_again_and_again_is_said_once_a_second`, `runtime-tokio/tests/serve/log.rs::no_peer_can_flood_the_log` |
//! | newline coalescing corrupts messages with newlines in them | a text with a newline has a frame of its own | `core/runtime/src/tests/batching.rs::texts_without_newlines_that_stand_together_share_a_frame` |
//! | compressed input has no cap on its inflated size | `outbox.message_bytes` limits the inflated size | `core/src/websocket/deflate/tests/hostile.rs::a_bomb_stops_at_the_limit_and_the_inflater_goes_on` |
//! | a handler set after the upgrade misses early messages | a client's own handlers are set before the client exists | `core/runtime/src/tests/hooks/own.rs::a_handler_of_its_own_has_the_first_message` |
//! | handler panics kill the process by default | a panic closes only its own client, with 1011 | `tests/conformance/behaviours/hub/hooks.rs::a_handler_that_panics_closes_its_own_client_only`, `core/runtime/src/tests/middleware/layers.rs::without_the_layer_a_panic_closes_its_own_client_only` |
//! | a snapshot of all clients for each connect | a newcomer costs the same however many clients there are | `tests/tests/memory.rs::a_newcomer_takes_no_copy_of_who_is_there` |
//!
//! # Of jaz303/hub
//!
//! | failure | here | test |
//! | --- | --- | --- |
//! | one full buffer of 16 stalls the whole hub | outboxes are bounded, and a full one affects only its own client | `core/src/hub/tests/policies.rs::a_reader_that_stalls_costs_nobody_else_anything`, `tests/conformance/behaviours/wire/rooms.rs::who_does_not_read_holds_up_nobody` |
//! | a ping without timeout | a client that is silent for 54 s is pinged, and ended if nothing arrives within 6 s of the ping | `core/src/hub/tests/keepalive.rs::a_client_that_says_nothing_for_60_seconds_is_gone` |
//! | JSON is encoded once for each recipient | JSON is encoded once for all recipients | `core/runtime/src/tests/handles.rs::a_value_is_encoded_once_however_many_get_it`, `core/src/hub/tests/publish.rs::one_frame_is_stored_once_and_gone_with_its_last_recipient` |
//! | a panic in accept hangs the connection | the request is answered with 500; a panic in `authenticate` sends a close frame | `tests/conformance/behaviours/hub/hooks.rs::a_request_that_the_application_refuses_is_answered`, `core/runtime/src/tests/hooks/authenticate.rs::a_panic_is_contained` |
//!
//! # Of ws-hub
//!
//! | failure | here | test |
//! | --- | --- | --- |
//! | a second connection with the same key closes the first and registers neither | the newcomer is admitted once the old client has ended | `core/src/hub/tests/users.rs::an_evicted_client_is_disconnected_before_the_newcomer_is_connected`, `tests/conformance/behaviours/hub/refusals.rs::a_user_with_too_many_clients_loses_the_oldest` |
//! | the application is not told of a disconnect | `left` for each room, then `disconnected`, whatever the cause | `tests/tests/chat.rs::a_room_hears_of_a_member_that_vanishes`, `core/runtime/src/tests/hooks/order.rs::the_last_hook_says_what_there_was` |
//! | any origin is accepted | by default only pages of the same host and port | `core/src/websocket/handshake/tests/origin.rs::by_default_host_and_port_of_the_origin_must_be_those_of_the_request`, `tests/conformance/behaviours/hub/refusals.rs::the_same_origin_or_none_may_connect_unless_the_hub_says_otherwise` |
//! | status pages are open to all, with names in them | `/healthz` and `/readyz` contain only a state and a count; there are no other pages | `tests/conformance/behaviours/hub/health.rs::health_is_served_on_the_same_port` |
//!
//! # Of hubs with named participants, such as wsroom
//!
//! Where wsroom's documentation is silent, the row says what such a hub has to decide.
//!
//! | failure | here | test |
//! | --- | --- | --- |
//! | a message to a room, or to a participant, that is not there vanishes | a typed error | `core/runtime/src/tests/participants/commands.rs::who_is_not_there_is_a_typed_error` |
//! | what is sent while a participant is away comes after newer messages | what waited is written first, in order | `tests/conformance/behaviours/hub/participants.rs::a_participant_that_returns_in_time_has_missed_nothing_and_has_not_left` |
//! | a participant whose `join` is refused is told as one that has left | it is not: `leave` follows only a `join` that was not refused | `core/runtime/src/tests/participants/joining.rs::join_may_refuse_with_a_code_and_then_nobody_has_left` |
//! | a participant that goes while its `join` runs has never left | it leaves, once | `core/runtime/src/tests/participants/races.rs::whoever_ends_while_it_joins_has_left`, `core/runtime/src/tests/participants/races.rs::whoever_is_closed_while_it_joins_leaves_after_the_hook` |
//! | two connections that come as one participant at once are both in the room | they are one participant: the newer one, or the first if the second is refused | `core/runtime/src/tests/participants/races.rs::two_that_are_resolved_to_one_participant_at_once_are_one` |
//! | a return in the moment in which the grace ends is a return and a leave | it is one of both: a return, or a leave and a new participant | `core/runtime/src/tests/participants/races.rs::a_return_at_the_end_of_the_grace_is_one_of_both` |
//! | a participant that comes again is forgotten when the end of the earlier one is told after its `join` | `join` waits until `leave` of the earlier one has returned | `core/runtime/src/tests/participants/races.rs::whoever_comes_again_joins_after_the_earlier_participant_has_left` |
//! | closing a room leaves who was away, or was being resolved, in a room that nobody can find | who is away leaves with the others; who comes later is in a new room that is found like any | `core/runtime/src/tests/participants/leaving.rs::a_room_that_is_closed_lets_all_go_those_that_are_away_too`, `core/runtime/src/tests/participants/races.rs::a_room_is_closed_while_somebody_is_resolved_and_they_enter_a_new_one` |
//! | the end of the connection cancels the code that cleans up after a participant | `leave` runs to its end | `core/runtime/src/tests/participants/leaving.rs::leave_is_not_interrupted_by_the_end_of_its_connection` |
//! | a failing message hook ends the connection, or nobody hears of it | it is told to `error`, and the participant stays | `core/runtime/src/tests/participants/leaving.rs::a_message_hook_that_fails_is_told_and_its_participant_stays` |
//! | room and id that are joined to one key are confused with others | the length of the room's name is part of the key | `core/runtime/src/tests/participants/joining.rs::rooms_and_ids_that_look_alike_together_are_not_confused` |
//! | a peer that can choose the name of a session takes over a participant | names of participants cannot be named by others | `core/runtime/src/tests/participants/joining.rs::nobody_else_can_name_the_session_of_a_participant` |
//! | what does not fit into the queue of an away participant vanishes | the sender is told: a typed error | `core/runtime/src/tests/participants/commands.rs::an_away_participant_whose_queue_is_full_is_offline` |
//!
//! # Of sessions, histories and recovery, such as Centrifugo's
//!
//! | failure | here | test |
//! | --- | --- | --- |
//! | "recovered" cannot be told from "nothing was missed", and "not recovered" has no reason | the answer has the number of messages, or one of five reasons | `core/src/hub/tests/recovery.rs::nothing_missed_is_recovered_without_a_message`, `tests/conformance/behaviours/hub/histories.rs::a_peer_that_missed_too_much_hears_it_and_gets_what_comes` |
//! | a position without an epoch is taken for one of any history, so a total loss is "recovered" | each position has an epoch; a text without one is no position | `tests/conformance/behaviours/hub/histories.rs::what_is_no_position_is_refused_before_the_upgrade`, `core/src/hub/tests/history.rs::no_two_histories_have_the_same_epoch` |
//! | after a restart an old offset looks right | the epoch is another | `tests/conformance/behaviours/hub/histories.rs::a_position_of_another_process_is_never_taken_for_one_of_this`, `tests/tests/chat_returns.rs::a_restart_of_the_server_is_told_as_a_gap_and_never_as_recovered` |
//! | a forged offset, or one of the future, skips messages or overflows | it is answered as one of another history, and nothing changes | `tests/conformance/behaviours/hub/histories.rs::positions_that_are_forged_foreign_or_of_the_future_are_answered_and_change_nothing`, `core/src/hub/tests/recovery.rs::a_forged_foreign_future_or_overflowing_position_is_unrecovered` |
//! | a peer that asks for all messages gets one giant reply | a page and a recovery are bounded; what is over the bound is refused, and what is recovered is written in parts | `tests/conformance/behaviours/hub/histories.rs::a_peer_that_asks_for_a_billion_messages_gets_none_and_hears_why`, `core/src/hub/tests/recovery.rs::live_messages_go_behind_a_backlog_that_is_written_in_parts` |
//! | what is published during the join is lost, doubled, or before what was missed | history and outbox are one log: live messages queue behind the others | `core/src/hub/tests/recovery.rs::a_client_that_returns_gets_what_it_missed_and_then_live_messages`, `tests/conformance/behaviours/hub/histories.rs::a_peer_that_comes_and_goes_gets_each_message_once_and_in_order` |
//! | a slow reader misses messages, and nobody knows which | the hook `dropped` is told of the hole, the peer sees it in the numbers, and joins from its position | `core/runtime/src/tests/histories.rs::a_drop_of_a_history_is_told_and_the_client_recovers`, `tests/tests/browser.rs::a_page_that_is_reloaded_or_loses_its_network_misses_nothing_and_others_see_it_go_and_return` |
//! | a peer that does not know whether it was heard says it twice, or never | a publish with the same key is sent once | `tests/tests/chat_returns.rs::what_is_said_again_with_its_key_is_said_once`, `tests/conformance/behaviours/hub/histories.rs::a_message_with_a_key_is_published_once_and_is_in_the_history` |
//! | a slow hook of the old connection makes a second client of the one that returns | it is one client, whose hooks run one at a time across its connections; it is written to at once | `core/runtime/src/tests/sessions/handing_over.rs::a_hook_that_runs_goes_on_and_the_next_connection_waits_for_it` |
//! | a return in the moment in which the grace ends is a ghost, or leaves twice | whichever the hub handles first decides, the return or the end of the grace; `left` is called once | `core/src/hub/tests/sessions.rs::in_the_tick_in_which_the_grace_ends_the_first_event_decides`, `tests/conformance/behaviours/hub/sessions.rs::whoever_does_not_return_has_left_once` |
//! | a guessed, forged or foreign session name takes over a client | signed names of 128 random bits; a session belongs to its user | `tests/tests/chat_returns.rs::forged_and_foreign_sessions_continue_nobody`, `tests/conformance/behaviours/hub/sessions.rs::so_is_it_after_the_upgrade` |
//! | a name of a session that is empty, endless or of the form that throng reserves for participants enters the hub | it is refused: 400 or 403, after the upgrade 1008 with the reason | `tests/conformance/behaviours/hub/sessions.rs::names_that_are_empty_too_long_or_reserved_are_refused_and_change_nothing` |
//! | two windows of one browser share a session, and take the connection from each other in turn | the example `chat` stores its session when the page is left and takes it out when it loads, so a copied tab has none | `tests/tests/browser.rs::two_windows_of_one_browser_are_two_users_and_a_copy_of_a_page_is_another` |
//!
//! # What users ask for most
//!
//! | wish | here | test |
//! | --- | --- | --- |
//! | one slow client must not freeze others | a client that does not read delays no other | `tests/conformance/behaviours/hub/silence.rs::a_peer_that_stops_reading_is_ended_by_the_write_deadline_and_costs_nobody_anything`, `core/runtime/src/tests/lane.rs::one_that_is_blocked_holds_up_nobody_else` |
//! | a usable backpressure signal | [`Client::send_wait`](crate::Client::send_wait), [`Policy::Wait`](crate::Policy::Wait), [`Client::outbox`](crate::Client::outbox) | `core/src/hub/tests/policies.rs::wait_refuses_drops_nothing_and_says_once_when_half_is_free`, `tests/conformance/behaviours/hub/pressure.rs::an_echo_that_waits_loses_nothing` |
//! | no silent drops, a choice of skip or close | every drop is counted and told; [`Policy`](crate::Policy) chooses | `core/src/hub/tests/actions.rs::a_publish_that_is_dropped_for_many_is_told_for_each_once`, `core/src/hub/tests/policies.rs::disconnect_closes_with_1013_and_writes_nothing_that_is_queued` |
//! | no thundering herd on deploy | closes are spread; newcomers get Retry-After; the listener's backlog holds those that return at once | `tests/conformance/behaviours/hub/draining.rs::a_drain_closes_everybody_spread_over_the_time_given`, `tests/conformance/behaviours/hub/draining.rs::while_draining_newcomers_are_sent_away_and_those_there_are_served` |
//! | little memory for a connection | some 1.3 KB; no buffer while idle | `tests/tests/idle.rs::ten_thousand_idle_connections_cost_three_kib_each`, `core/runtime/src/tests/memory.rs::an_idle_connection_is_small` |
//! | little memory for permessage-deflate | nothing for an idle connection; kept contexts are counted and bounded | `core/runtime/src/tests/compression/contexts.rs::only_so_many_keep_a_context_and_their_places_are_given_back` |
//! | a maintained deflate in Rust | [`Builder::compression`](crate::Builder::compression), tested against other implementations both ways | `core/src/websocket/deflate/tests/differential.rs::what_we_deflate_they_inflate`, `core/src/websocket/deflate/tests/differential.rs::what_they_deflate_we_inflate` |
//! | no ghost members | an ended client is in no room, has no user and gets no message | `core/src/hub/tests/closing.rs::an_ended_client_is_in_no_room_of_no_user_and_reached_by_no_publish` |
//! | no long-vanished client counts as present | a client that vanishes silently ends by the pong deadline; a client whose process is killed, at once | `tests/conformance/behaviours/hub/silence.rs::peers_that_vanish_without_a_word_are_gone_by_the_pong_deadline`, `tests/conformance/behaviours/hub/silence.rs::clients_whose_process_is_killed_are_gone_at_once` |
//! | a graceful shutdown that knows WebSockets, under axum too | `axum::serve` of this crate, or [`drained`](crate::drained) beside `with_graceful_shutdown`, where half a request holds up the end until a second signal | `runtime-tokio/tests/serve/axum.rs::a_websocket_is_a_route_beside_others`, `tests/tests/signals.rs::sigterm_drains_and_the_process_ends_well` |
//! | sends that can be cancelled | a dropped send is not sent, and a dropped join or leave has not happened; messages exchanged during authentication are neither lost nor torn | `core/runtime/src/tests/dropped/sends.rs::a_send_that_is_dropped_on_its_way_is_not_sent`, `core/runtime/src/tests/dropped/rooms.rs::a_join_that_is_dropped_on_its_way_has_not_happened`, `core/runtime/src/tests/dropped/exchange.rs::a_send_that_is_dropped_is_sent_whole_and_once_or_not_at_all` |
//! | buffers that are bounded by default | 256 messages and 1 MiB for a client, 256 MiB in all | `core/src/hub/tests/policies.rs::an_outbox_holds_a_mebibyte_by_default`, `core/src/hub/tests/budget.rs::the_budget_is_exact` |
//! | dead peers are found, and live ones not taken for dead, under load | any arriving byte shows life; a busy handler is not a silent peer | `tests/conformance/behaviours/hub/silence.rs::whoever_answers_its_pings_stays_and_so_does_whoever_is_busy_sending`, `core/src/hub/tests/keepalive.rs::an_application_that_never_returns_closes_its_client_with_1011_and_is_not_mistaken_for_a_silent_peer` |
//! | no missed messages after a reconnect, no false "recovered" | what waits for a client that is away comes first when it returns; from a [history](super::histories) it gets all that it missed, or the reason why not | `tests/conformance/behaviours/hub/sessions.rs::a_peer_that_returns_in_time_hears_what_it_missed_in_order`, `tests/conformance/behaviours/hub/histories.rs::a_peer_that_comes_and_goes_gets_each_message_once_and_in_order`, `tests/tests/chat_returns.rs::whoever_loses_the_network_returns_and_has_missed_nothing` |
//! | no duplicates on replay | the messages of a history are numbered, and each is queued once for a client that joins from its position | `tests/conformance/behaviours/hub/histories.rs::a_client_that_is_away_gets_what_was_published_once`, `tests/tests/browser.rs::a_page_that_is_reloaded_or_loses_its_network_misses_nothing_and_others_see_it_go_and_return` |
//!
//! # Several nodes
//!
//! | failure | here | test |
//! | --- | --- | --- |
//! | every node receives and decodes everything, its own messages included (wshub) | a node subscribes to the rooms and users that have clients there, and drops its own messages by their header | `core/runtime/src/tests/cluster.rs::a_node_without_members_of_a_room_receives_nothing_of_it`, `core/src/cluster/tests/hostile.rs::a_nodes_own_message_is_dropped_by_its_header_alone` |
//! | a failed subscribe is never tried again, and the node stays ready (wshub) | ready means proven: a probe has come back, and every subscription is confirmed; else the link is given up and opened again | `core/src/cluster/tests/links.rs::a_node_is_ready_only_after_its_probe_and_every_confirmation_have_come`, `core/src/cluster/tests/links.rs::each_deadline_of_a_link_gives_it_up_for_its_own_reason` |
//! | readiness says nothing of the delivery by the broker | `/readyz` is 503 while the link is not proven, and says why | `tests/tests/cluster.rs::an_outage_of_the_broker_shows_in_readyz_and_costs_local_clients_nothing`, `core/src/cluster/tests/links.rs::a_link_that_nothing_proves_is_probed_and_given_up_if_the_probe_is_lost` |
//! | a publish blocks its caller while the broker is slow (wshub) | a publish queues and returns; the queue is bounded in bytes, and what does not fit is counted and told | `core/runtime/src/tests/cluster.rs::a_full_queue_for_the_broker_is_told_and_costs_local_members_nothing`, `core/src/cluster/tests/bounds.rs::the_queue_is_bounded_in_bytes_and_what_does_not_fit_is_told_once_and_counted` |
//! | an outage of the broker crashes or wedges the process, or leaves it deaf | the node connects for ever with growing pauses, subscribes again to everything, and sends what waited | `core/src/cluster/tests/links.rs::attempts_to_connect_go_on_for_ever_with_jitter_and_growing_distance`, `core/src/cluster/tests/links.rs::after_an_outage_everything_is_subscribed_again_in_batches`, `core/runtime/src/tests/cluster.rs::an_outage_is_told_and_over_when_a_probe_has_come_back` |
//! | messages are lost between nodes in silence | each has a number per node and subject: a gap is counted and told, and so is the loss of the last message | `core/src/cluster/tests/numbers.rs::a_gap_is_told_with_the_next_message`, `core/src/cluster/tests/numbers.rs::the_loss_of_the_last_message_is_told_by_the_tail` |
//! | order across nodes | messages of one node to one subject arrive in their order or not at all | `core/src/cluster/tests/numbers.rs::what_comes_after_a_later_one_is_dropped_since_it_was_told_as_lost`, `tests/tests/cluster.rs::what_a_client_of_one_runtime_says_reaches_the_clients_of_the_others_once` |
//! | duplicates between nodes | repeats are recognised by their number and dropped | `core/src/cluster/tests/numbers.rs::what_comes_twice_is_delivered_once`, `core/src/cluster/tests/links.rs::a_batch_that_may_not_have_been_sent_is_sent_again_and_nothing_comes_twice` |
//! | a node that stops is counted until its entry expires: there is no goodbye (wshub) | a goodbye ends it at once, three missed heartbeats end it in one step | `tests/tests/cluster.rs::a_node_that_is_shut_down_is_gone_at_once_for_the_others`, `core/src/cluster/tests/nodes.rs::a_node_that_is_silent_for_three_heartbeats_is_gone_and_returns_with_the_next` |
//! | two nodes with one id are deaf to each other (wshub) | the later start goes on, the other leaves, and both say so | `core/src/cluster/tests/nodes.rs::of_two_nodes_with_one_id_the_later_goes_on_and_both_are_told` |
//! | a global count costs O(nodes) for each call (wshub) | one load | `core/runtime/src/tests/cluster.rs::the_counts_of_all_nodes_come_together` |
//! | presence sends all rooms of a node every few seconds, and a room's counts are off after a loss (wshub) | only what has changed is told, with a version and a digest; what was lost is asked for page by page | `core/src/cluster/tests/rooms.rs::whatever_is_lost_and_repeated_all_nodes_agree_in_the_end`, `core/src/cluster/tests/rooms.rs::five_hundred_idle_nodes_with_a_thousand_rooms_each_tell_nine_kilobytes_a_second_to_each`, `tests/brokers/rooms.rs::rooms_come_together_over_redis` |
//! | a query across nodes waits for a dead node (socket.io) | each question has a deadline and exactly one answer, which may be that none came | `core/src/cluster/tests/questions.rs::a_question_without_an_answer_ends_in_time`, `core/src/cluster/tests/questions.rs::questions_to_a_node_that_is_gone_end_with_it` |
//! | a send to a client that is nowhere succeeds (wshub) | the node of the client answers whether it exists | `core/runtime/src/tests/cluster.rs::a_client_of_another_node_gets_messages_and_commands_and_is_answered_for` |
//! | an unknown or damaged message is ignored without a trace (wshub) | it is dropped and counted by kind | `core/src/cluster/tests/hostile.rs::what_cannot_be_read_is_dropped_and_counted_by_kind` |
//!
//! Not yet: one history of a room for all nodes, and notices to those who watch the presence of a room of who came and left on other nodes.
