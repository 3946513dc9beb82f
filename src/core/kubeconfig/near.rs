//! Names that somebody may have meant.

/// The most that are suggested.
const MOST: usize = 3;

/// The names nearest to `wanted`, best first: few letters apart, or with `wanted` as a part.
pub fn near<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    // Longer names are no typing errors, and their distance costs time.
    if wanted.is_empty() || wanted.len() > 256 {
        return Vec::new();
    }
    let names = names.into_iter().filter(|name| name.len() <= 256);
    let mut found: Vec<_> = names.filter_map(|name| Some((rank(wanted, name)?, name))).collect();
    found.sort();
    found.truncate(MOST);
    found.into_iter().map(|(_, name)| name).collect()
}

/// Smaller is nearer; `None` is too far.
fn rank(wanted: &str, name: &str) -> Option<usize> {
    let (wanted, name) = (wanted.to_lowercase(), name.to_lowercase());
    let distance = strsim::osa_distance(&wanted, &name);
    let allowed = 1 + wanted.chars().count() / 4;
    if distance <= allowed {
        return Some(distance);
    }
    (wanted.len() >= 2 && name.contains(&wanted)).then_some(allowed + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_finds_the_name_and_the_nearest_is_first() {
        let names = ["kind-dev", "prod", "staging", "kind-dev2"];
        assert_eq!(near("kind-dve", names), ["kind-dev", "kind-dev2"]);
        assert_eq!(near("prd", names), ["prod"]);
        assert!(near("nothing-like-it", names).is_empty());
    }

    #[test]
    fn a_part_of_a_long_name_finds_it() {
        let arn = "arn:aws:eks:eu-west-1:111122223333:cluster/payments";
        assert_eq!(near("payments", [arn, "x"]), [arn]);
    }
}
