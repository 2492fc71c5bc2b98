//! What the kiosk shows next. It knows faces by their track and people by their id, never a name. No screen, no clock of its own:
//! everything comes in.
//!
//! A verdict belongs to its track. Whoever was judged and stays (a waiting friend, a poster) is known as judged until they are
//! gone, and is in nobody's way: of all others who are near, the nearest is served, known guests first.

use serde::Serialize;

use super::code::{Answer, Codes, Given};
use crate::engine::{Amount, Ask, Observation, PresenceReason, Side, Turn};
use crate::face::geometry::Rect;
use crate::face::mask::MaskState;
use crate::few;
use crate::person::decide::{Decision, Reason};

/// A face that is nearer than this part of the set distance keeps the kiosk awake, so that it does not flicker at the edge.
const STAY: f32 = 0.75;
/// Nobody near for so long: they walked off.
pub(super) const AWAY_MS: f64 = 1_500.0;
/// A decision must hold so long before it is shown. A name is certain sooner than its absence.
pub(super) const MATCH_MS: f64 = 250.0;
const UNKNOWN_MS: f64 = 1_500.0;
/// An instruction stays at least so long: reading takes time.
const ADVICE_MS: f64 = 1_400.0;
/// After so long without any decision, a person has to help.
const HELPLESS_MS: f64 = 20_000.0;
/// No frame at all for so long: whoever stood there may be gone.
pub(super) const BLIND_MS: f64 = 10_000.0;
/// A second face of this part of the first one's height makes it unclear who is meant.
const RIVAL: f32 = 0.8;
/// A verdict stays at least so long where its person still stands there and somebody else waits.
const READ_MS: f64 = 1_000.0;
/// A face that was lost and found where it was, by so much of both boxes, is the same one.
const SAME_PLACE: f32 = 0.5;
/// Somebody who stands there judged for so long is a poster, or waits for others: upkeep disturbs nobody.
const LINGERS_MS: f64 = 60_000.0;
/// So long a guest with a code may leave a screen alone before nobody is taken to be there. Consent takes longest to read.
pub(super) const CODE_MS: f64 = 60_000.0;
pub(super) const DETAILS_MS: f64 = 180_000.0;
pub(super) const CAPTURE_MS: f64 = 90_000.0;

/// What the operator set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// Height of a face, as a part of the picture's, from which on somebody is meant.
    pub distance: f32,
    /// So long a verdict stays.
    pub timeout_ms: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "ScreenKind"))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Attract,
    Look,
    Closer,
    Still,
    Light,
    Glare,
    Straight,
    Glasses,
    Centre,
    Single,
    Back,
    Turn,
    Retry,
    Greet,
    Stranger,
    Unsure,
    Refused,
    /// A guest with a code came to be enrolled and looks like somebody who is, or has the name of somebody who is expected.
    Known,
    /// A guest types the code that staff gave them,
    Code,
    /// then their name, and agrees,
    Details,
    /// and is looked at, to be enrolled.
    Capture,
}

impl Kind {
    /// Whether it ends a visit.
    pub fn is_verdict(self) -> bool {
        matches!(self, Self::Greet | Self::Stranger | Self::Unsure | Self::Refused | Self::Known)
    }

    /// How long it may be left alone; None where it is no screen of a guest with a code.
    fn patience_ms(self) -> Option<f64> {
        match self {
            Self::Code => Some(CODE_MS),
            Self::Details => Some(DETAILS_MS),
            Self::Capture => Some(CAPTURE_MS),
            _ => None,
        }
    }
}

impl From<Reason> for Kind {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::TooSmall => Self::Closer,
            Reason::TooBlurred => Self::Still,
            Reason::TooDark => Self::Light,
            Reason::TooBright => Self::Glare,
            Reason::TurnedAway => Self::Straight,
            Reason::CutOff => Self::Centre,
            Reason::EyesHidden => Self::Glasses,
            Reason::PointsUnsure
            | Reason::TooFewFrames
            | Reason::TooCloseToCall
            | Reason::EmptyGallery
            | Reason::PresentationAttack
            | Reason::PresenceUnproven => Self::Look,
        }
    }
}

/// The turn that is asked for, as its words say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "AskedTurn"))]
pub struct Asked {
    pub side: Side,
    pub amount: Amount,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Screen {
    /// Another one for every screen.
    pub number: u32,
    pub kind: Kind,
    /// Whom to greet.
    pub person: Option<String>,
    /// The face wears a mask.
    pub masked: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub turn: Option<Asked>,
    /// The turn has to be made once more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub why: Option<PresenceReason>,
}

/// All that is told to whoever shows it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "KioskSaid"))]
pub struct Said {
    pub screen: Screen,
    /// The turn that is asked for now, for the guide.
    pub ask: Option<Ask>,
    /// Whether nobody is being served, so that upkeep disturbs nobody.
    pub idle: bool,
    /// Milliseconds until the screen is over, or whoever was judged is forgotten, if nothing more is heard; None where nothing is known of anybody.
    #[serde(rename = "lastsMs")]
    pub lasts_ms: Option<f64>,
    /// Everybody has been forgotten since this was told last: so are their tracks to be.
    pub forgot: bool,
    /// Whether guests may have a code.
    pub codes: bool,
}

/// A track that had its verdict.
#[derive(Debug)]
struct Judged {
    track: u32,
    /// None: nobody who is known.
    person: Option<String>,
    /// Where it was seen last, and when.
    rect: Rect,
    seen_ms: f64,
    since_ms: f64,
}

/// What a face's decision says.
#[derive(Clone, Debug, PartialEq)]
enum Settling {
    Person(String),
    /// Nobody who is known.
    Unknown,
    /// Nobody who is there.
    Absent,
    Nothing,
}

impl Settling {
    fn of(face: &Observation) -> Self {
        match &face.decision {
            Decision::Match { person, .. } => Self::Person(person.clone()),
            Decision::Unknown { .. } | Decision::Undecided { reason: Reason::EmptyGallery, .. } => Self::Unknown,
            Decision::Undecided { reason: Reason::PresentationAttack, .. } => Self::Absent,
            Decision::Undecided { .. } if reason_of(face) == Some(PresenceReason::Desk) => Self::Absent,
            Decision::Undecided { .. } => Self::Nothing,
        }
    }
}

/// A track that is near and not judged.
#[derive(Debug)]
struct Waiting {
    track: u32,
    settling: Settling,
    settling_ms: f64,
    came_ms: f64,
}

pub struct Flow {
    rules: Rules,
    screen: Screen,
    since_ms: f64,
    /// Whether the name of whom it greets is on the screen.
    named: bool,
    /// Whom the screen is about.
    track: Option<u32>,
    gone_ms: Option<f64>,
    framed_ms: f64,
    now_ms: f64,
    ask: Option<Ask>,
    judged: Vec<Judged>,
    waiting: Vec<Waiting>,
    /// Whether something was known of somebody when it was told last.
    remembered: bool,
    codes: Codes,
    /// By which code the guest came who is being enrolled.
    code: Option<u32>,
    /// When they did something last.
    touched_ms: f64,
}

impl Flow {
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            screen: Screen { number: 0, kind: Kind::Attract, person: None, masked: false, turn: None, why: None },
            since_ms: 0.0,
            named: false,
            track: None,
            gone_ms: None,
            framed_ms: 0.0,
            now_ms: 0.0,
            ask: None,
            judged: Vec::new(),
            waiting: Vec::new(),
            remembered: false,
            codes: Codes::default(),
            code: None,
            touched_ms: 0.0,
        }
    }

    pub fn set_rules(&mut self, rules: Rules) {
        self.rules = rules;
    }

    pub fn screen(&self) -> &Screen {
        &self.screen
    }

    /// The turn that is asked for now.
    pub fn ask(&self) -> Option<Ask> {
        self.ask
    }

    /// Whether nobody is being served, or about to come with a code, which does not outlive its worker.
    pub fn idle(&self) -> bool {
        self.screen.kind == Kind::Attract
            && self.codes.open(self.now_ms) == 0
            && self.judged.iter().all(|j| j.seen_ms - j.since_ms > LINGERS_MS)
    }

    /// Whether nothing is known of anybody any more.
    pub fn forgotten(&self) -> bool {
        self.screen.kind == Kind::Attract && self.judged.is_empty() && self.waiting.is_empty()
    }

    pub fn said(&mut self) -> Said {
        let forgotten = self.forgotten();
        let forgot = forgotten && self.remembered;
        self.remembered = !forgotten;
        let blind = self.framed_ms + BLIND_MS;
        let over = match self.screen.kind.patience_ms() {
            Some(patience) => self.touched_ms + patience,
            None if self.is_complete() => blind.min(self.since_ms + self.rules.timeout_ms),
            None => blind,
        };
        Said {
            screen: self.screen.clone(),
            ask: self.ask,
            idle: self.idle(),
            lasts_ms: (!forgotten).then(|| (over - self.now_ms).max(0.0)),
            forgot,
            codes: self.codes.known(self.now_ms),
        }
    }

    /// A frame was looked at. `height` of the frame; `now` in milliseconds, on any clock that only goes forward.
    pub fn see(&mut self, faces: &[Observation], height: f32, now: f64) {
        if !self.goes_on(now) {
            return;
        }
        // A guest with a code is in nobody's way but their own.
        if self.screen.kind.patience_ms().is_some() {
            return self.tick(now);
        }
        self.framed_ms = now;
        self.ask = None;
        let share = |face: &Observation| face.rect.height / height;
        let mut in_view: Vec<&Observation> = faces.iter().collect();
        few::sort(&mut in_view, |a, b| b.rect.height.total_cmp(&a.rect.height));
        for face in &in_view {
            self.recall(face, faces);
            let stays = share(face) >= STAY * self.rules.distance;
            if let Some(judged) = self.judged.iter_mut().find(|j| j.track == face.track && stays) {
                judged.rect = face.rect;
                judged.seen_ms = now;
            }
        }
        self.judged.retain(|j| now - j.seen_ms < AWAY_MS);
        in_view.retain(|face| {
            let near = self.rules.distance * if self.track == Some(face.track) { STAY } else { 1.0 };
            share(face) >= near && self.judged_as(face.track).is_none() && !self.is_back(face, faces)
        });
        self.settle(&in_view, now);
        let crowded = in_view.len() > 1 && share(in_view[1]) > RIVAL * share(in_view[0]);
        self.serve(&in_view, crowded, now);
        self.tick(now);
    }

    /// The name came, a moment after the greeting was decided on: the guest's time to read it begins. `number` of the screen that it was for.
    pub fn named(&mut self, number: u32, now: f64) {
        if self.goes_on(now) && self.screen.number == number {
            self.named = true;
            self.since_ms = now;
        }
    }

    /// Time passes without a frame.
    pub fn tick(&mut self, now: f64) {
        if !self.goes_on(now) {
            return;
        }
        if let Some(patience) = self.screen.kind.patience_ms() {
            if now - self.touched_ms >= patience {
                self.again();
            }
            return;
        }
        if self.is_complete() && now - self.since_ms >= self.rules.timeout_ms {
            self.rest();
        }
        if now - self.framed_ms >= BLIND_MS {
            self.again();
        }
    }

    /// Makes a code for staff to give to a guest; None where too many are open. `draw`: random numbers that nobody can foresee.
    pub fn give_code(&mut self, draw: impl FnMut() -> u32, now: f64) -> Option<Given> {
        if self.goes_on(now) { self.codes.give(draw, now) } else { None }
    }

    /// How many codes nobody has used yet, though they could.
    pub fn codes_open(&mut self, now: f64) -> usize {
        self.goes_on(now);
        self.codes.open(self.now_ms)
    }

    /// Ends all codes that nobody has used yet.
    pub fn take_codes_back(&mut self) {
        self.codes.take_back();
    }

    /// The store is locked: nobody is served, and no code that staff gave before lets anybody in.
    pub fn lock(&mut self) {
        self.codes.take_back();
        self.again();
    }

    /// A guest says that they have a code.
    pub fn ask_code(&mut self, now: f64) {
        if !self.goes_on(now) || self.screen.kind.patience_ms().is_some() {
            return;
        }
        self.again();
        self.go_on_with(Kind::Code);
    }

    /// They typed it: whoever is let in is asked for their name.
    pub fn enter_code(&mut self, typed: &str, now: f64) -> Answer {
        self.touch(now);
        let (number, answer) = self.codes.enter(typed, self.now_ms);
        if number.is_some() && self.screen.kind == Kind::Code {
            self.code = number;
            self.go_on_with(Kind::Details);
        }
        answer
    }

    /// They said who they are, and agreed: they are looked at. Whether there is a guest who did.
    pub fn capture(&mut self, now: f64) -> bool {
        self.touch(now);
        let admits = self.code.is_some_and(|number| self.codes.admits(number));
        if admits && self.screen.kind == Kind::Details {
            self.go_on_with(Kind::Capture);
        }
        admits && self.screen.kind == Kind::Capture
    }

    /// The guest with a code does something.
    pub fn touch(&mut self, now: f64) {
        self.tick(now);
        self.touched_ms = self.now_ms;
    }

    /// The guest with a code is enrolled: their code is used up, and they are greeted where they were seen, `face`, without being judged again.
    pub fn welcome(&mut self, person: &str, face: Option<&Observation>, now: f64) {
        self.spend();
        self.end(Kind::Greet, Some(person), face, now);
    }

    /// The guest with a code cannot be enrolled here: they look like somebody who is known, or say their name, or could not show that they are
    /// there. For the first two (`known`: who it is) their code is used up, so that nobody tries on until they look like nobody, or names for who is expected.
    pub fn send_to_desk(&mut self, known: Option<&str>, face: Option<&Observation>, now: f64) {
        if known.is_some() {
            self.spend();
        }
        self.end(if known.is_some() { Kind::Known } else { Kind::Refused }, known, face, now);
    }

    /// The verdict on a guest with a code, who was seen as `face` and counts as judged from here on.
    fn end(&mut self, kind: Kind, person: Option<&str>, face: Option<&Observation>, now: f64) {
        self.goes_on(now);
        self.again();
        self.framed_ms = self.now_ms;
        let person = person.map(str::to_owned);
        if let Some(face) = face {
            let [seen_ms, since_ms] = [self.now_ms; 2];
            self.judged.push(Judged { track: face.track, person: person.clone(), rect: face.rect, seen_ms, since_ms });
            self.track = Some(face.track);
        }
        self.show(kind, person.filter(|_| kind == Kind::Greet), face.is_some_and(is_masked), None, None, self.now_ms);
    }

    fn spend(&mut self) {
        if let Some(number) = self.code {
            self.codes.spend(number);
        }
    }

    fn go_on_with(&mut self, kind: Kind) {
        self.touched_ms = self.now_ms;
        self.show(kind, None, false, None, None, self.now_ms);
    }

    /// Whoever stands there wants another try, after a verdict or a timeout.
    pub fn again(&mut self) {
        self.judged.clear();
        self.waiting.clear();
        self.rest();
    }

    /// Whether a time can be gone by. A clock that went back means that nobody knows how long anybody has been there: they are forgotten.
    fn goes_on(&mut self, now: f64) -> bool {
        if !now.is_finite() {
            return false;
        }
        if now < self.now_ms {
            self.again();
            self.framed_ms = now;
        }
        self.now_ms = now;
        true
    }

    /// Whether all of a verdict is on the screen, so that it may be over.
    fn is_complete(&self) -> bool {
        if self.screen.kind == Kind::Greet { self.named } else { self.screen.kind.is_verdict() }
    }

    /// Nobody is on the screen.
    fn rest(&mut self) {
        self.code = None;
        self.track = None;
        self.gone_ms = None;
        self.ask = None;
        if self.screen.kind != Kind::Attract {
            self.show(Kind::Attract, None, false, None, None, self.now_ms);
        }
    }

    fn judged_as(&self, track: u32) -> Option<&Judged> {
        self.judged.iter().find(|j| j.track == track)
    }

    /// Knows a judged face again that was lost for a moment and has a new track, and takes the verdict back from a face that was
    /// nobody's and now is a guest's: nearer, or without the mask.
    fn recall(&mut self, face: &Observation, in_view: &[Observation]) {
        let person = match &face.decision {
            Decision::Match { person, .. } => Some(person),
            _ => None,
        };
        if let Some(i) = self.judged.iter().position(|j| j.track == face.track) {
            if self.judged[i].person.is_none() && person.is_some() {
                self.judged.remove(i);
            }
            return;
        }
        let is_same = |judged: &Judged| match person {
            None => judged.person.is_none() && judged.rect.iou(&face.rect) >= SAME_PLACE,
            Some(_) => judged.person.as_ref() == person,
        };
        if let Some(judged) = self.judged.iter_mut().find(|j| !is_in(in_view, j.track) && is_same(j)) {
            if self.track == Some(judged.track) {
                self.track = Some(face.track);
            }
            judged.track = face.track;
        }
    }

    /// Whether this may be a judged face that was lost a moment ago and has a new track: until that is known it is no newcomer.
    fn is_back(&self, face: &Observation, in_view: &[Observation]) -> bool {
        matches!(face.decision, Decision::Undecided { reason, .. } if reason != Reason::EmptyGallery)
            && self.judged.iter().any(|j| !is_in(in_view, j.track) && j.rect.iou(&face.rect) >= SAME_PLACE)
    }

    /// Since when each face's decision is what it is.
    fn settle(&mut self, near: &[&Observation], now: f64) {
        self.waiting.retain(|w| near.iter().any(|face| face.track == w.track));
        for face in near {
            let settling = Settling::of(face);
            match self.waiting.iter_mut().find(|w| w.track == face.track) {
                None => self.waiting.push(Waiting { track: face.track, settling, settling_ms: now, came_ms: now }),
                Some(waiting) if waiting.settling != settling => {
                    waiting.settling = settling;
                    waiting.settling_ms = now;
                }
                Some(_) => {}
            }
        }
    }

    /// `near`: who is near and not judged, nearest first. `crowded`: it is unclear who is meant.
    fn serve(&mut self, near: &[&Observation], crowded: bool, now: f64) {
        let is_verdict = self.screen.kind.is_verdict();
        let is_there = self.track.and_then(|track| self.judged_as(track)).is_some_and(|j| j.seen_ms == now);
        let reading = is_verdict && is_there && now - self.since_ms < READ_MS;
        let waiting = |face: &Observation| self.waiting.iter().find(|w| w.track == face.track);
        let held = |face: &Observation| waiting(face).map_or(0.0, |w| now - w.settling_ms);
        let guest = near.iter().find(|face| matches!(face.decision, Decision::Match { .. }) && held(face) >= MATCH_MS);
        if let Some(guest) = guest.filter(|_| !(reading && self.screen.kind == Kind::Greet)) {
            return self.judge(Kind::Greet, guest, now);
        }
        if reading {
            return;
        }
        let Some(face) = near.first() else {
            return self.nobody(is_verdict && is_there, now);
        };
        self.gone_ms = None;
        let verdict = match waiting(face) {
            Some(w) if w.settling == Settling::Unknown && held(face) >= UNKNOWN_MS => Some(Kind::Stranger),
            Some(w) if w.settling == Settling::Absent && held(face) >= UNKNOWN_MS => Some(Kind::Refused),
            Some(w) if now - w.came_ms >= HELPLESS_MS && waits(face) => Some(Kind::Unsure),
            _ => None,
        };
        if let Some(verdict) = verdict {
            return self.judge(verdict, face, now);
        }
        // A verdict makes place at once where its person is gone.
        self.track = Some(face.track);
        let masked = is_masked(face);
        if self.ask_for(face, masked, now) {
            return;
        }
        let kind = match face.decision {
            _ if crowded => Kind::Single,
            Decision::Undecided { reason, .. } => reason.into(),
            _ => Kind::Look,
        };
        self.advise(kind, masked, None, None, now);
    }

    /// What shows that somebody is there; whether something is asked.
    fn ask_for(&mut self, face: &Observation, masked: bool, now: f64) -> bool {
        let Some(presence) = &face.presence else { return false };
        if let Some(ask) = presence.ask {
            self.ask = Some(ask);
            match ask {
                Ask::Turn { side, amount, .. } => self.advise(Kind::Turn, masked, Some(Asked { side, amount }), None, now),
                Ask::Straight => self.advise(Kind::Straight, masked, None, None, now),
            }
            return true;
        }
        let Decision::Undecided { reason: Reason::PresenceUnproven, .. } = face.decision else { return false };
        match presence.reason {
            Some(PresenceReason::StepBack) => self.advise(Kind::Back, masked, None, None, now),
            Some(reason) if presence.turn == Turn::Refused && reason != PresenceReason::Desk => {
                self.advise(Kind::Retry, masked, None, Some(reason), now);
            }
            _ => return false,
        }
        true
    }

    /// Nobody waits. An instruction is over when nobody is there to follow it, a verdict when its person is gone (`stays`: they are not).
    fn nobody(&mut self, stays: bool, now: f64) {
        self.gone_ms = if stays { None } else { self.gone_ms.or(Some(now)) };
        if self.gone_ms.is_some_and(|gone| now - gone >= AWAY_MS) {
            self.rest();
        }
    }

    fn judge(&mut self, kind: Kind, face: &Observation, now: f64) {
        let person = match &face.decision {
            Decision::Match { person, .. } if kind == Kind::Greet => Some(person.clone()),
            _ => None,
        };
        self.waiting.retain(|w| w.track != face.track);
        self.judged.push(Judged { track: face.track, person: person.clone(), rect: face.rect, seen_ms: now, since_ms: now });
        self.track = Some(face.track);
        self.gone_ms = None;
        // Whoever is seen twice, as in a mirror, is not greeted a second time while the first stands there.
        if kind == Kind::Greet && self.screen.kind == Kind::Greet && self.screen.person == person {
            return;
        }
        self.show(kind, person, is_masked(face), None, None, now);
    }

    /// One instruction at a time, each long enough to be read.
    fn advise(&mut self, kind: Kind, masked: bool, turn: Option<Asked>, why: Option<PresenceReason>, now: f64) {
        let shown = &self.screen;
        if shown.kind == kind && shown.masked == masked && shown.turn == turn && shown.why == why {
            return;
        }
        // What can't wait until another one was read: the answer has its time.
        let urgent = matches!(kind, Kind::Turn | Kind::Straight) && self.ask.is_some();
        let may_go = matches!(shown.kind, Kind::Attract | Kind::Look) || shown.kind.is_verdict();
        if urgent || may_go || now - self.since_ms >= ADVICE_MS {
            self.show(kind, None, masked, turn, why, now);
        }
    }

    fn show(&mut self, kind: Kind, person: Option<String>, masked: bool, turn: Option<Asked>, why: Option<PresenceReason>, now: f64) {
        let number = self.screen.number.wrapping_add(1);
        self.screen = Screen { number, kind, person, masked, turn, why };
        self.since_ms = now;
        self.named = false;
    }
}

fn is_in(faces: &[Observation], track: u32) -> bool {
    faces.iter().any(|face| face.track == track)
}

fn is_masked(face: &Observation) -> bool {
    face.mask.state == MaskState::Masked
}

fn reason_of(face: &Observation) -> Option<PresenceReason> {
    face.presence.as_ref()?.reason
}

/// Whether a decision is waited for. While a turn is made, or somebody's presence is refused, nobody waits: whatever else lasts too long does.
fn waits(face: &Observation) -> bool {
    matches!(reason_of(face), None | Some(PresenceReason::Looking | PresenceReason::StepBack | PresenceReason::Unavailable))
}
