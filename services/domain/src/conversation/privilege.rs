//! Who may change whom: the privileges of XEP-0045 §5.1.1 and §5.2.1 with the rules of §8 to §10, as two questions.
//!
//! Invariant: nobody takes anything from one who stands higher.

use super::{Affiliation, Role};

/// What somebody's privileges in a conference come from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Privileges {
    pub(super) affiliation: Affiliation,
    pub(super) role: Role,
}

/// May `actor` give an occupant this role?
pub(super) fn may_set_role(actor: Privileges, target: Privileges, role: Role) -> bool {
    use Affiliation::Admin;
    let runs_it = actor.role == Role::Moderator && target.affiliation <= actor.affiliation;
    let made_moderator_by_affiliation = target.affiliation >= Admin;
    let unmakes_moderator = target.role == Role::Moderator && role < Role::Moderator;
    runs_it
        && match role {
            // Kick (§8.2): anyone who does not stand higher; moderators only by admins.
            Role::None => !unmakes_moderator || actor.affiliation >= Admin,
            // Voice (§8.3, §8.4); moderators lose it only by admins (§9.7), admins never.
            Role::Visitor | Role::Participant => {
                !made_moderator_by_affiliation && (!unmakes_moderator || actor.affiliation >= Admin)
            }
            // §9.6.
            Role::Moderator => actor.affiliation >= Admin,
        }
}

/// May somebody of affiliation `actor` change another's from `old` to `new`?
pub(super) fn may_set_affiliation(actor: Affiliation, old: Affiliation, new: Affiliation) -> bool {
    use Affiliation::{Admin, Owner};
    match actor {
        // §10.
        Owner => true,
        // §9: bans and memberships, of those below.
        Admin => old < Admin && new < Admin,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Affiliation::{Admin, Member, Outcast, Owner};
    use Role::{Moderator, Participant, Visitor};

    const fn who(affiliation: Affiliation, role: Role) -> Privileges {
        Privileges { affiliation, role }
    }

    #[test]
    fn roles() {
        let none = Affiliation::None;
        for (actor, target, role, may) in [
            // A moderator by grace runs those who have no more than a voice.
            (who(none, Moderator), who(none, Participant), Role::None, true),
            (who(none, Moderator), who(none, Participant), Visitor, true),
            (who(none, Moderator), who(none, Visitor), Participant, true),
            (who(none, Moderator), who(none, Participant), Moderator, false),
            (who(none, Moderator), who(none, Moderator), Participant, false),
            (who(none, Moderator), who(none, Moderator), Role::None, false),
            (who(none, Moderator), who(Member, Participant), Visitor, false),
            (who(none, Moderator), who(Owner, Moderator), Role::None, false),
            // An admin makes and unmakes moderators, but not those who are admins.
            (who(Admin, Moderator), who(none, Participant), Moderator, true),
            (who(Admin, Moderator), who(none, Moderator), Participant, true),
            (who(Admin, Moderator), who(Admin, Moderator), Participant, false),
            (who(Admin, Moderator), who(Admin, Moderator), Role::None, true),
            (who(Admin, Moderator), who(Owner, Moderator), Role::None, false),
            // Without the role nobody does anything.
            (who(Member, Participant), who(none, Visitor), Participant, false),
            (who(none, Visitor), who(none, Visitor), Participant, false),
        ] {
            assert_eq!(may_set_role(actor, target, role), may, "{actor:?} makes {target:?} {role:?}");
        }
    }

    #[test]
    fn affiliations() {
        let none = Affiliation::None;
        for (actor, old, new, may) in [
            (Admin, none, Member, true),
            (Admin, Member, none, true),
            (Admin, none, Outcast, true),
            (Admin, Outcast, none, true),
            (Admin, Member, Admin, false),
            (Admin, Admin, none, false),
            (Admin, Owner, Outcast, false),
            (Owner, none, Owner, true),
            (Owner, Owner, Admin, true),
            (Owner, Admin, Outcast, true),
            (Member, none, Member, false),
            (none, Outcast, none, false),
        ] {
            assert_eq!(may_set_affiliation(actor, old, new), may, "{actor:?}: {old:?} to {new:?}");
        }
    }
}
