use proptest::prelude::*;

use super::code::{LIFE_MS, Refusal};
use super::flow::{AWAY_MS, BLIND_MS, CAPTURE_MS, CODE_MS, DETAILS_MS, MATCH_MS};
use super::*;
use crate::engine::{Amount, Ask, Observation, Presence, PresenceReason, Side, Turn};
use crate::face::geometry::{Point, Rect};
use crate::face::mask::{Mask, MaskState};
use crate::face::presence::Verdict;
use crate::face::quality::Quality;
use crate::person::decide::{Decision, Reason};

const HEIGHT: f32 = 480.0;

/// A face of this part of the picture's height, with this decision, on track 1.
fn face(share: f32, decision: Decision) -> Observation {
    Observation {
        track: 1,
        rect: Rect { x: 0.0, y: 0.0, width: 100.0, height: share * HEIGHT },
        points: [Point::default(); 5],
        detection: 1.0,
        mask: Mask { state: MaskState::Bare, probability: 1.0 },
        quality: Quality {
            score: 1.0,
            face_px: 100.0,
            sharpness: 1.0,
            brightness: 128.0,
            yaw: 0.0,
            pitch: 0.0,
            roll: 0.0,
            spread: 0.0,
            outside: 0.0,
            hidden: 0.0,
            problem: None,
            shortcoming: None,
        },
        decision,
        presence: None,
        frames: 3,
    }
}

fn on(track: u32, face: Observation) -> Observation {
    Observation { track, ..face }
}

fn masked(face: Observation) -> Observation {
    Observation { mask: Mask { state: MaskState::Masked, probability: 1.0 }, ..face }
}

fn unknown() -> Decision {
    Decision::Unknown { score: Some(0.0), needed: 3.0, closest: None }
}

fn undecided(reason: Reason) -> Decision {
    Decision::Undecided { reason, score: None, needed: 3.0 }
}

fn matched(person: &str) -> Decision {
    Decision::Match { person: person.into(), score: 6.0, needed: 3.0 }
}

/// Not shown to be there, for this reason.
fn unproven(reason: PresenceReason, turn: Turn) -> Observation {
    let presence = Presence { passive: Some(0.6), turn, verdict: Verdict::Unsure, reason: Some(reason), ask: None };
    Observation { presence: Some(presence), ..face(0.5, undecided(Reason::PresenceUnproven)) }
}

fn asked(ask: Ask) -> Observation {
    let mut face = unproven(PresenceReason::Turn, Turn::Asked);
    face.presence.as_mut().expect("it has one").ask = Some(ask);
    face
}

fn kiosk() -> Flow {
    kiosk_at(0.3)
}

fn kiosk_at(distance: f32) -> Flow {
    Flow::new(Rules { distance, timeout_ms: 5_000.0 })
}

/// Shows it the same faces every tenth of a second from `from` to `to`, and gives the last screen.
fn look(flow: &mut Flow, faces: &[Observation], from: u32, to: u32) -> Screen {
    for now in (from..=to).step_by(100) {
        flow.see(faces, HEIGHT, now.into());
        flow.tick(now.into());
    }
    flow.screen().clone()
}

fn kind(flow: &mut Flow, faces: &[Observation], from: u32, to: u32) -> Kind {
    look(flow, faces, from, to).kind
}

fn greeted(flow: &mut Flow, faces: &[Observation], from: u32, to: u32) -> Option<String> {
    look(flow, faces, from, to).person
}

/// The name of whom it greets comes on the screen.
fn name(flow: &mut Flow, now: u32) {
    flow.named(flow.screen().number, now.into());
}

#[test]
fn it_sleeps_while_the_face_is_farther_off_than_the_operator_set_and_wakes_for_a_nearer_one() {
    let mut flow = kiosk_at(0.6);
    assert_eq!(kind(&mut flow, &[face(0.53, unknown())], 0, 4_000), Kind::Attract);
    assert!(flow.idle());
    assert_ne!(kind(&mut flow, &[face(0.61, unknown())], 4_100, 4_200), Kind::Attract);
    // At the edge it does not flicker, but far below it a visit ends.
    assert_ne!(kind(&mut flow, &[face(0.5, unknown())], 4_300, 8_000), Kind::Attract);
    assert_eq!(kind(&mut flow, &[face(0.4, unknown())], 8_100, 10_000), Kind::Attract);
}

#[test]
fn a_match_that_holds_is_greeted_by_id_and_a_stranger_only_after_longer() {
    let mut flow = kiosk();
    assert_eq!(kind(&mut flow, &[face(0.5, matched("a"))], 0, 200), Kind::Look);
    let screen = look(&mut flow, &[masked(face(0.5, matched("a")))], 300, 600);
    assert_eq!((screen.kind, screen.person.as_deref(), screen.masked), (Kind::Greet, Some("a"), true));
    let mut other = kiosk();
    assert_eq!(kind(&mut other, &[face(0.5, unknown())], 0, 1_400), Kind::Look);
    assert_eq!(kind(&mut other, &[face(0.5, unknown())], 1_500, 1_800), Kind::Stranger);
}

#[test]
fn it_forgets_whom_it_greeted_after_the_set_time_and_greets_nobody_twice_who_just_stands_there() {
    let mut flow = kiosk();
    assert_eq!(kind(&mut flow, &[face(0.5, matched("a"))], 0, 1_000), Kind::Greet);
    name(&mut flow, 1_000);
    let screen = look(&mut flow, &[face(0.5, matched("a"))], 1_100, 8_000);
    assert_eq!((screen.kind, screen.person, screen.masked), (Kind::Attract, None, false));
    assert_eq!(kind(&mut flow, &[], 8_100, 10_000), Kind::Attract);
    assert_eq!(kind(&mut flow, &[on(2, face(0.5, matched("a")))], 10_100, 11_000), Kind::Greet);
}

#[test]
fn the_time_to_read_a_greeting_begins_when_its_name_is_there() {
    let mut flow = kiosk();
    assert_eq!(kind(&mut flow, &[face(0.5, matched("a"))], 0, 9_000), Kind::Greet);
    name(&mut flow, 9_000);
    assert_eq!(kind(&mut flow, &[face(0.5, matched("a"))], 9_100, 13_900), Kind::Greet);
    assert_eq!(kind(&mut flow, &[face(0.5, matched("a"))], 14_000, 14_000), Kind::Attract);
    // The next greeting waits for its own name, and a name that came too late is not its.
    let late = flow.screen().number;
    look(&mut flow, &[], 14_100, 16_000);
    assert_eq!(kind(&mut flow, &[on(2, face(0.5, matched("b")))], 16_100, 17_000), Kind::Greet);
    flow.named(late, 17_000.0);
    assert_eq!(kind(&mut flow, &[on(2, face(0.5, matched("b")))], 17_100, 25_000), Kind::Greet);
}

#[test]
fn somebody_else_in_the_place_of_a_greeted_person_starts_anew() {
    let mut flow = kiosk();
    look(&mut flow, &[face(0.5, matched("a"))], 0, 1_000);
    assert_eq!(greeted(&mut flow, &[on(2, face(0.5, unknown()))], 1_100, 1_200), None);
    assert_eq!(kind(&mut flow, &[on(2, face(0.5, unknown()))], 1_300, 3_500), Kind::Stranger);
}

#[test]
fn one_instruction_at_a_time_each_long_enough_to_be_read_and_two_faces_alike_near_must_be_one() {
    let mut flow = kiosk();
    assert_eq!(kind(&mut flow, &[face(0.5, undecided(Reason::TooDark))], 0, 100), Kind::Light);
    assert_eq!(kind(&mut flow, &[face(0.5, undecided(Reason::TurnedAway))], 200, 1_000), Kind::Light);
    assert_eq!(kind(&mut flow, &[face(0.5, undecided(Reason::TurnedAway))], 1_100, 1_700), Kind::Straight);
    let two = [face(0.5, undecided(Reason::TooFewFrames)), on(2, face(0.45, undecided(Reason::TooFewFrames)))];
    assert_eq!(kind(&mut flow, &two, 1_800, 4_000), Kind::Single);
    // Without any decision for long, somebody has to help.
    assert_eq!(kind(&mut flow, &[face(0.5, undecided(Reason::TooDark))], 4_100, 22_000), Kind::Unsure);
}

#[test]
fn whose_eyes_are_hidden_is_asked_to_take_the_glasses_off_and_is_no_stranger() {
    assert_eq!(kind(&mut kiosk(), &[face(0.5, undecided(Reason::EyesHidden))], 0, 8_000), Kind::Glasses);
}

#[test]
fn without_a_frame_for_long_whoever_stood_there_is_forgotten() {
    let mut flow = kiosk();
    look(&mut flow, &[face(0.5, undecided(Reason::TooDark))], 0, 500);
    flow.tick(5_000.0);
    assert_eq!(flow.screen().kind, Kind::Light);
    flow.tick(11_000.0);
    assert_eq!(flow.screen().kind, Kind::Attract);
}

#[test]
fn whoever_else_is_near_is_greeted_while_the_one_before_still_stands_there_with_time_to_read_both() {
    let mut flow = kiosk();
    let first = || face(0.6, matched("a"));
    assert_eq!(greeted(&mut flow, &[first()], 0, 500).as_deref(), Some("a"));
    // The other one is smaller and comes before the first greeting could be read.
    let both = [first(), on(2, face(0.4, matched("b")))];
    assert_eq!(greeted(&mut flow, &both, 600, 1_000).as_deref(), Some("a"));
    assert_eq!(greeted(&mut flow, &both, 1_100, 1_600).as_deref(), Some("b"));
    // Both have been greeted: nobody is a third time, and the names are gone after the set time.
    name(&mut flow, 1_600);
    for now in (6_700..40_000).step_by(1_000) {
        let screen = look(&mut flow, &both, now, now + 900);
        assert_eq!((screen.kind, screen.person), (Kind::Attract, None), "at {now}");
    }
}

#[test]
fn a_poster_or_a_friend_who_waits_is_sent_to_the_desk_once_and_blocks_nobody() {
    let mut flow = kiosk();
    let poster = || face(0.6, unknown());
    assert_eq!(kind(&mut flow, &[poster()], 0, 1_600), Kind::Stranger);
    assert_eq!(kind(&mut flow, &[poster()], 1_700, 20_000), Kind::Attract);
    // A guest before it is served at once, though the poster is larger, and so is the next.
    assert_eq!(kind(&mut flow, &[poster(), on(2, face(0.4, undecided(Reason::TooFewFrames)))], 20_100, 20_200), Kind::Look);
    assert_eq!(greeted(&mut flow, &[poster(), on(2, face(0.4, matched("a")))], 20_300, 20_600).as_deref(), Some("a"));
    assert_eq!(greeted(&mut flow, &[poster(), on(3, face(0.4, matched("b")))], 20_700, 21_700).as_deref(), Some("b"));
    name(&mut flow, 21_700);
    assert_eq!(kind(&mut flow, &[poster()], 21_800, 23_500), Kind::Attract);
    // Upkeep waits for a guest, not for a poster.
    assert_eq!(kind(&mut flow, &[poster()], 23_600, 90_000), Kind::Attract);
    assert!(flow.idle());
}

#[test]
fn a_guest_is_greeted_before_a_strangers_verdict_is_over_and_the_nearer_of_two_guests_first() {
    let mut flow = kiosk();
    let stranger = || face(0.6, unknown());
    assert_eq!(kind(&mut flow, &[stranger()], 0, 1_500), Kind::Stranger);
    assert_eq!(greeted(&mut flow, &[stranger(), on(2, face(0.4, matched("a")))], 1_600, 1_900).as_deref(), Some("a"));
    let mut other = kiosk();
    let two = [face(0.4, matched("far")), on(2, face(0.6, matched("near")))];
    assert_eq!(greeted(&mut other, &two, 0, 300).as_deref(), Some("near"));
    assert_eq!(greeted(&mut other, &two, 400, 1_400).as_deref(), Some("far"));
}

#[test]
fn a_judged_face_that_is_lost_for_a_moment_is_not_judged_again_and_a_stranger_who_turns_out_to_be_a_guest_is_greeted() {
    let mut flow = kiosk();
    look(&mut flow, &[face(0.5, matched("a"))], 0, 1_000);
    name(&mut flow, 1_000);
    look(&mut flow, &[face(0.5, matched("a"))], 1_100, 6_200);
    look(&mut flow, &[], 6_300, 7_000);
    assert_eq!(kind(&mut flow, &[on(2, face(0.5, undecided(Reason::TooFewFrames)))], 7_100, 7_300), Kind::Attract);
    assert_eq!(kind(&mut flow, &[on(2, face(0.5, matched("a")))], 7_400, 9_000), Kind::Attract);
    let mut other = kiosk();
    assert_eq!(kind(&mut other, &[face(0.5, unknown())], 0, 1_600), Kind::Stranger);
    assert_eq!(kind(&mut other, &[face(0.5, unknown())], 1_700, 9_000), Kind::Attract);
    assert_eq!(kind(&mut other, &[on(2, face(0.5, unknown()))], 9_900, 14_000), Kind::Attract);
    assert_eq!(greeted(&mut other, &[on(2, face(0.5, matched("a")))], 14_100, 14_400).as_deref(), Some("a"));
}

#[test]
fn nothing_is_known_of_anybody_once_they_are_gone_and_nothing_is_forgotten_of_whoever_still_stands_there() {
    let mut flow = kiosk();
    look(&mut flow, &[face(0.5, matched("a"))], 0, 1_000);
    assert!(!flow.said().forgot);
    name(&mut flow, 1_000);
    assert_eq!(kind(&mut flow, &[face(0.5, matched("a"))], 1_100, 7_000), Kind::Attract);
    assert!(!flow.forgotten());
    assert!(!flow.said().forgot);
    look(&mut flow, &[], 7_100, 8_600);
    assert!(flow.forgotten());
    // It is told once, so that tracks are forgotten once.
    assert!(flow.said().forgot);
    assert!(!flow.said().forgot);
}

#[test]
fn the_turn_that_is_asked_for_is_shown_at_once_and_its_words_say_side_and_amount() {
    let mut flow = kiosk();
    assert_eq!(kind(&mut flow, &[asked(Ask::Straight)], 0, 300), Kind::Straight);
    // No instruction's time to be read holds a question back: its answer has a time of its own.
    let left = Ask::Turn { side: Side::Left, amount: Amount::Far, reached: 0.2 };
    let turn = look(&mut flow, &[asked(left)], 400, 400);
    assert_eq!(turn.kind, Kind::Turn);
    let words = turn.turn.expect("a turn is asked for");
    assert_eq!((words.side, words.amount), (Side::Left, Amount::Far));
    assert_eq!(flow.ask(), Some(left));
    assert_eq!(kind(&mut flow, &[], 500, 500), Kind::Turn);
    assert_eq!(flow.ask(), None);
}

#[test]
fn a_print_or_a_screen_is_sent_to_the_desk_and_never_called_a_stranger() {
    let mut flow = kiosk();
    let presence =
        Presence { passive: Some(0.6), turn: Turn::None, verdict: Verdict::Attack, reason: Some(PresenceReason::PrintOrScreen), ask: None };
    let attack = [Observation { presence: Some(presence), ..face(0.5, undecided(Reason::PresentationAttack)) }];
    assert_eq!(kind(&mut flow, &attack, 0, 1_300), Kind::Look);
    let screen = look(&mut flow, &attack, 1_400, 1_900);
    assert_eq!((screen.kind, screen.person, screen.masked), (Kind::Refused, None, false));
}

#[test]
fn a_turn_that_failed_is_asked_for_once_more_with_the_reason_and_after_too_many_somebody_helps() {
    let mut flow = kiosk();
    let failed = |reason| [unproven(reason, Turn::Refused)];
    let again = look(&mut flow, &failed(PresenceReason::TooSlow), 0, 1_500);
    assert_eq!((again.kind, again.why), (Kind::Retry, Some(PresenceReason::TooSlow)));
    // Trying is not being helpless, however long it takes.
    assert_eq!(kind(&mut flow, &failed(PresenceReason::TooSlow), 1_600, 30_000), Kind::Retry);
    assert_eq!(kind(&mut flow, &failed(PresenceReason::Desk), 30_100, 32_000), Kind::Refused);
}

#[test]
fn a_face_that_fills_the_picture_is_asked_to_step_back() {
    let large =
        Observation { rect: Rect { x: 0.0, y: 0.0, width: 100.0, height: 0.9 * HEIGHT }, ..unproven(PresenceReason::StepBack, Turn::None) };
    assert_eq!(kind(&mut kiosk(), &[large], 0, 200), Kind::Back);
}

#[test]
fn one_person_on_two_tracks_is_greeted_once() {
    let mut flow = kiosk();
    let screen = look(&mut flow, &[face(0.5, matched("a"))], 0, 1_500);
    name(&mut flow, 1_500);
    let both = [face(0.5, matched("a")), on(2, face(0.5, matched("a")))];
    assert_eq!(look(&mut flow, &both, 1_600, 3_000), screen);
    assert_eq!(kind(&mut flow, &both, 3_100, 6_600), Kind::Attract);
}

#[test]
fn a_screen_says_how_long_it_stands_without_another_word() {
    let mut flow = kiosk();
    assert_eq!(flow.said().lasts_ms, None);
    flow.see(&[face(0.5, matched("a"))], HEIGHT, 0.0);
    flow.see(&[face(0.5, matched("a"))], HEIGHT, 300.0);
    // As long as its name is not there, a greeting ends where no frame comes.
    assert_eq!(flow.said().lasts_ms, Some(BLIND_MS));
    name(&mut flow, 400);
    assert_eq!(flow.said().lasts_ms, Some(5_000.0));
    flow.tick(3_400.0);
    assert_eq!(flow.said().lasts_ms, Some(2_000.0));
}

#[test]
fn whatever_is_said_is_plain_values_with_the_names_that_the_page_has_words_for() {
    let mut flow = kiosk();
    let turn = asked(Ask::Turn { side: Side::Right, amount: Amount::Less, reached: 0.5 });
    flow.see(&[turn], HEIGHT, 0.0);
    let said = serde_json::to_value(flow.said()).expect("plain values");
    let screen = serde_json::json!({
        "number": 1, "kind": "turn", "person": null, "masked": false, "turn": { "side": "right", "amount": "less" },
    });
    assert_eq!(said["screen"], screen);
    assert_eq!((said["idle"].as_bool(), said["lastsMs"].as_f64(), said["forgot"].as_bool()), (Some(false), Some(BLIND_MS), Some(false)));
}

// ---- whatever comes

/// Any decision, of three people.
fn decisions() -> impl Strategy<Value = Decision> {
    let reasons = [
        Reason::TooSmall,
        Reason::TooDark,
        Reason::TooFewFrames,
        Reason::EyesHidden,
        Reason::EmptyGallery,
        Reason::PresentationAttack,
        Reason::PresenceUnproven,
    ];
    prop_oneof![
        4 => prop::sample::select(vec!["a", "b", "c"]).prop_map(matched),
        2 => Just(unknown()),
        3 => prop::sample::select(reasons.to_vec()).prop_map(undecided),
    ]
}

fn presences() -> impl Strategy<Value = Option<Presence>> {
    let reasons = [PresenceReason::Looking, PresenceReason::StepBack, PresenceReason::Turn, PresenceReason::TooSlow, PresenceReason::Desk];
    let asks = [Ask::Straight, Ask::Turn { side: Side::Left, amount: Amount::Little, reached: 0.1 }];
    let turns = [Turn::None, Turn::Asked, Turn::Passed, Turn::Refused];
    let some = (
        prop::option::of(prop::sample::select(reasons.to_vec())),
        prop::option::of(prop::sample::select(asks.to_vec())),
        prop::sample::select(turns.to_vec()),
    );
    prop::option::of(some.prop_map(|(reason, ask, turn)| Presence { passive: None, turn, verdict: Verdict::Unsure, reason, ask }))
}

fn faces() -> impl Strategy<Value = Observation> {
    (1_u32..5, 0.05_f32..0.95, 0_u8..4, decisions(), presences(), any::<bool>()).prop_map(
        |(track, share, place, decision, presence, is_masked)| {
            let plain = face(share, decision);
            let rect = Rect { x: 120.0 * f32::from(place), ..plain.rect };
            let seen = Observation { track, rect, presence, ..plain };
            if is_masked { masked(seen) } else { seen }
        },
    )
}

/// One frame's faces, each on a track of its own.
fn frames() -> impl Strategy<Value = Vec<Observation>> {
    prop::collection::vec(faces(), 0..4).prop_map(|mut faces| {
        faces.sort_by_key(|f| f.track);
        faces.dedup_by_key(|f| f.track);
        faces
    })
}

#[derive(Clone, Debug)]
enum Event {
    See(Vec<Observation>, f64),
    /// The same faces as before.
    Stay(f64),
    Tick(f64),
    Named,
    Again,
}

/// What may happen, each some milliseconds after the one before.
fn events() -> impl Strategy<Value = Vec<Event>> {
    let one = prop_oneof![
        3 => (frames(), 20.0..400.0).prop_map(|(faces, ms)| Event::See(faces, ms)),
        5 => (20.0..400.0).prop_map(Event::Stay),
        2 => (20.0..12_000.0).prop_map(Event::Tick),
        1 => Just(Event::Named),
        1 => Just(Event::Again),
    ];
    prop::collection::vec(one, 1..80)
}

/// `seen`: the faces of the look before.
fn happen<'a>(flow: &mut Flow, event: &'a Event, seen: &'a [Observation], now: f64) -> &'a [Observation] {
    let seen = if let Event::See(faces, _) = event { faces } else { seen };
    match event {
        Event::See(..) | Event::Stay(_) => flow.see(seen, HEIGHT, now),
        Event::Tick(_) => flow.tick(now),
        Event::Named => flow.named(flow.screen().number, now),
        Event::Again => flow.again(),
    }
    seen
}

/// Tells a flow what happens, and gives it back with the time. `check` is called after each event with what was seen last, whether just
/// now, and when.
fn tell(events: &[Event], mut check: impl FnMut(&mut Flow, &[Observation], bool, f64)) -> (Flow, f64) {
    let (mut flow, mut now) = (kiosk(), 0.0);
    let mut seen: &[Observation] = &[];
    for event in events {
        if let Event::See(_, ms) | Event::Stay(ms) | Event::Tick(ms) = event {
            now += ms;
        }
        seen = happen(&mut flow, event, seen, now);
        check(&mut flow, seen, matches!(event, Event::See(..) | Event::Stay(_)), now);
    }
    (flow, now)
}

proptest! {
    #[test]
    fn nobody_is_greeted_whom_the_engine_did_not_name_in_that_frame_and_the_moments_before(events in events()) {
        // The engine names nobody before presence is shown as the policy asks: its decision is then no match. Since when it names whom:
        let mut since: Vec<(u32, String, f64)> = Vec::new();
        let mut before = 0;
        tell(&events, |flow, seen, looked, now| {
            if looked {
                let named = |track, person: &str| seen.iter().any(|f| f.track == track && f.decision == matched(person));
                since.retain(|(track, person, _)| named(*track, person));
                for face in seen {
                    if let Decision::Match { person, .. } = &face.decision && !since.iter().any(|(track, ..)| *track == face.track) {
                        since.push((face.track, person.clone(), now));
                    }
                }
            }
            let screen = flow.screen();
            assert_eq!(screen.person.is_some(), screen.kind == Kind::Greet);
            if screen.number != before && screen.kind == Kind::Greet {
                assert!(looked, "greeted without a look");
                let person = screen.person.as_deref().expect("somebody");
                assert!(since.iter().any(|(_, who, ms)| who == person && now - ms >= MATCH_MS), "{person} at {now}: {since:?}");
            }
            before = screen.number;
        });
    }

    #[test]
    fn a_judged_face_that_stays_blocks_nobody(share in 0.3_f32..0.9, other in 0.3_f32..0.9, before in decisions(), masks in any::<bool>()) {
        // It is judged, whatever it is; then a guest comes, at another place and of any size.
        let first = || if masks { masked(face(share, before.clone())) } else { face(share, before.clone()) };
        let mut flow = kiosk();
        look(&mut flow, &[first()], 0, 25_000);
        let beside = Rect { x: 300.0, y: 0.0, width: 100.0, height: other * HEIGHT };
        let guest = Observation { rect: beside, ..on(9, face(other, matched("guest"))) };
        let person = greeted(&mut flow, &[first(), guest], 25_100, 26_500);
        prop_assert_eq!(person.as_deref(), Some("guest"));
    }

    #[test]
    fn after_the_reset_nothing_of_the_one_before_is_left(before in events(), then in events()) {
        let (mut used, now) = tell(&before, |_, _, _, _| {});
        used.again();
        let said = serde_json::to_value(used.said()).expect("plain values");
        prop_assert_eq!((&said["screen"]["kind"], &said["screen"]["person"], &said["ask"]), (&"attract".into(), &().into(), &().into()));
        prop_assert!(said["lastsMs"].is_null() && used.forgotten() && used.idle());
        // And whatever comes then goes as before a kiosk that nobody stood at.
        let mut fresh = kiosk();
        for (i, event) in then.iter().enumerate() {
            let later = now + 100.0 * (i + 1) as f64;
            happen(&mut used, event, &[], later);
            happen(&mut fresh, event, &[], later);
            let (a, b) = (used.screen(), fresh.screen());
            prop_assert_eq!((a.kind, &a.person, a.masked, a.turn, a.why), (b.kind, &b.person, b.masked, b.turn, b.why));
        }
    }

    #[test]
    fn whoever_is_gone_is_forgotten_and_says_how_long_that_takes_at_most(events in events()) {
        let (mut flow, now) = tell(&events, |flow, _, _, _| {
            if let Some(lasts) = flow.said().lasts_ms {
                assert!((0.0..=BLIND_MS + 1e-6).contains(&lasts));
            }
        });
        for i in 1..4 {
            flow.see(&[], HEIGHT, now + AWAY_MS * f64::from(i));
        }
        prop_assert!(flow.forgotten() && flow.ask().is_none());
    }

    #[test]
    fn time_that_goes_back_jumps_or_is_none_panics_never(events in events(), times in prop::collection::vec(prop_oneof![
        any::<f64>(), -1e4_f64..1e4, Just(f64::NAN), Just(f64::INFINITY), Just(f64::MAX), Just(f64::MIN), Just(0.0),
    ], 80)) {
        let mut flow = kiosk();
        let (mut seen, mut latest): (&[Observation], _) = (&[], f64::NEG_INFINITY);
        for (event, now) in events.iter().zip(times) {
            seen = happen(&mut flow, event, seen, now);
            // Nobody is greeted by what was seen before a clock that went back.
            if now.is_finite() && now < latest && !matches!(event, Event::Again) {
                prop_assert_ne!(flow.screen().kind, Kind::Greet);
            }
            if now.is_finite() && !matches!(event, Event::Again) {
                latest = now;
            }
            let said = flow.said();
            prop_assert!(said.lasts_ms.is_none_or(|ms| ms >= 0.0));
        }
    }

    #[test]
    fn no_height_distance_or_box_panics(height in any::<f32>(), distance in any::<f32>(), timeout in any::<f64>(),
        boxes in prop::collection::vec((any::<f32>(), any::<f32>(), any::<f32>(), any::<f32>()), 0..5)) {
        let mut flow = Flow::new(Rules { distance, timeout_ms: timeout });
        let faces: Vec<_> = boxes.iter().enumerate().map(|(i, &(x, y, width, height))| {
            Observation { rect: Rect { x, y, width, height }, ..on(i as u32, face(0.5, matched("a"))) }
        }).collect();
        for now in [0.0, 100.0, 400.0, 3_000.0] {
            flow.see(&faces, height, now);
            flow.said();
        }
    }
}

/// A kiosk with a code of staff, and the code.
fn with_code() -> (Flow, String) {
    let mut flow = kiosk();
    let code = flow.give_code(|| 0x7E6A_1234, 0.0).expect("none is open").code;
    (flow, code)
}

/// The same, with its guest before the camera at `now`.
fn capturing(now: f64) -> Flow {
    let (mut flow, code) = with_code();
    flow.ask_code(now);
    assert_eq!(flow.enter_code(&code, now).refused, None);
    assert!(flow.capture(now));
    flow
}

#[test]
fn a_guest_with_a_code_types_it_says_who_they_are_is_looked_at_and_greeted_where_they_stand() {
    let (mut flow, code) = with_code();
    assert!(flow.said().codes && !flow.idle(), "a code does not outlive its worker");
    assert_eq!(kind(&mut flow, &[face(0.5, unknown())], 0, 2_000), Kind::Stranger);
    flow.ask_code(2_100.0);
    assert_eq!(flow.screen().kind, Kind::Code);
    assert!(!flow.capture(2_200.0), "nobody is looked at before their code was right");
    assert_eq!(flow.enter_code("000000", 2_300.0).tries, 1);
    assert_eq!(flow.screen().kind, Kind::Code);
    assert_eq!(flow.enter_code(&code, 2_400.0).refused, None);
    assert_eq!(flow.screen().kind, Kind::Details);
    assert!(flow.capture(2_500.0) && flow.capture(2_600.0), "and once more where the picture is taken again");
    assert_eq!(flow.screen().kind, Kind::Capture);
    let seen = face(0.5, matched("a"));
    flow.welcome("a", Some(&seen), 3_000.0);
    let greeting = flow.screen().clone();
    assert_eq!((greeting.kind, greeting.person.as_deref()), (Kind::Greet, Some("a")));
    // Whoever stands there goes on being greeted, and is not judged a second time.
    assert_eq!(look(&mut flow, std::slice::from_ref(&seen), 3_100, 4_000), greeting);
    name(&mut flow, 4_000);
    assert_eq!(kind(&mut flow, &[seen], 4_100, 12_000), Kind::Attract);
    assert!(!flow.capture(12_100.0));
    flow.ask_code(12_200.0);
    assert_ne!(flow.enter_code(&code, 12_300.0).refused, None, "a code is for one guest");
}

#[test]
fn nobody_is_served_while_a_guest_types_and_whoever_leaves_in_the_middle_leaves_nothing_and_keeps_their_code() {
    let mut at = 1_000.0;
    let (mut flow, code) = with_code();
    for (kind, patience) in [(Kind::Code, CODE_MS), (Kind::Details, DETAILS_MS), (Kind::Capture, CAPTURE_MS)] {
        flow.ask_code(at);
        if kind != Kind::Code {
            assert_eq!(flow.enter_code(&code, at).refused, None);
        }
        if kind == Kind::Capture {
            assert!(flow.capture(at));
        }
        flow.see(&[face(0.9, matched("b"))], HEIGHT, at + 100.0);
        flow.see(&[], HEIGHT, at + patience - 1.0);
        assert_eq!(flow.screen().kind, kind);
        assert_eq!(flow.said().lasts_ms, Some(1.0));
        flow.touch(at + patience - 1.0);
        assert_eq!(flow.said().lasts_ms, Some(patience));
        assert!(!flow.said().forgot);
        at += 2.0 * patience;
        flow.tick(at);
        assert_eq!((flow.screen().kind, flow.forgotten()), (Kind::Attract, true));
        assert!(flow.said().forgot, "what was seen of them goes, too");
        assert!(!flow.capture(at), "whoever comes next is not let in by it");
        at += 1_000.0;
    }
    assert!(at < LIFE_MS);
    flow.ask_code(at);
    assert_eq!(flow.enter_code(&code, at).refused, None);
}

#[test]
fn a_guest_with_a_code_who_looks_like_somebody_is_sent_to_the_desk_is_not_greeted_as_them_and_has_used_it() {
    let mut flow = capturing(1_000.0);
    let seen = face(0.5, matched("b"));
    flow.send_to_desk(Some("b"), Some(&seen), 2_000.0);
    let screen = look(&mut flow, std::slice::from_ref(&seen), 2_100, 6_000);
    assert_eq!((screen.kind, screen.person), (Kind::Known, None));
    assert_eq!(kind(&mut flow, &[seen], 6_100, 9_000), Kind::Attract);
    assert_eq!(flow.codes_open(9_100.0), 0);
}

#[test]
fn a_guest_with_a_code_who_does_not_show_that_they_are_there_goes_to_the_desk_with_it() {
    let mut flow = capturing(1_000.0);
    let seen = unproven(PresenceReason::Desk, Turn::Refused);
    flow.send_to_desk(None, Some(&seen), 2_000.0);
    assert_eq!(kind(&mut flow, &[seen], 2_100, 4_000), Kind::Refused);
    assert_eq!(flow.codes_open(4_100.0), 1);
}

#[test]
fn a_code_that_is_taken_back_ends_for_its_guest_too_and_one_whose_time_ends_meanwhile_does_not() {
    let mut flow = capturing(1_000.0);
    flow.take_codes_back();
    assert!(!flow.capture(1_100.0));
    let mut other = capturing(LIFE_MS - 1.0);
    assert_eq!(other.codes_open(LIFE_MS), 0);
    assert!(other.capture(LIFE_MS));
}

#[test]
fn a_store_that_is_locked_ends_every_open_code_and_whoever_came_with_one() {
    let mut flow = capturing(1_000.0);
    let other = flow.give_code(|| 7, 1_100.0).expect("they are few").code;
    flow.lock();
    assert!(!flow.capture(1_200.0) && flow.forgotten());
    assert_eq!((flow.codes_open(1_300.0), flow.said().codes), (0, false));
    flow.ask_code(1_400.0);
    assert_eq!(flow.enter_code(&other, 1_500.0).refused, Some(Refusal::Unknown));
    assert_eq!(flow.screen().kind, Kind::Code);
}

#[test]
fn the_administration_and_a_clock_that_went_back_end_what_a_guest_with_a_code_began() {
    let mut flow = capturing(1_000.0);
    flow.again();
    assert!(!flow.capture(1_100.0) && flow.forgotten());
    let mut other = capturing(1_000.0);
    other.tick(500.0);
    assert!(!other.capture(600.0) && other.forgotten());
}
