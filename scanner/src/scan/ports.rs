//! The TCP ports of a scan.

use std::fmt::Write;

use crate::job::Profile;

/// The ports by which a host is found: it need not have them open, a refusal is an answer.
pub(crate) const KNOCKED: &[u16] = &[
    80, 443, 22, 445, 3389, 135, 25, 21, 53, 8080, 139, 23, 110, 143, 993, 995, 1433, 1521, 3306, 5432, 5900, 6379,
    8000, 8443, 9200, 27017,
];

/// The ports that speak TLS at once.
const TLS: &[u16] = &[
    261, 443, 448, 465, 563, 614, 636, 853, 989, 990, 992, 993, 994, 995, 1443, 2083, 2087, 2096, 2376, 3269, 3389,
    4443, 5061, 5223, 5986, 6443, 6514, 6679, 6697, 7443, 8006, 8089, 8140, 8443, 8531, 8883, 9091, 9443, 10443, 16993,
    18091, 25565,
];

/// The ports of web servers.
const WEB: &[u16] = &[
    80, 81, 82, 88, 280, 443, 591, 593, 1080, 1311, 2080, 2082, 2083, 2086, 2087, 2095, 2096, 2375, 2376, 3000, 3001,
    3128, 3333, 4000, 4200, 4443, 4567, 4848, 5000, 5001, 5104, 5601, 5800, 5984, 5985, 5986, 6443, 7000, 7001, 7002,
    7080, 7443, 7474, 8000, 8001, 8006, 8008, 8009, 8010, 8042, 8060, 8069, 8080, 8081, 8082, 8083, 8085, 8086, 8087,
    8088, 8089, 8090, 8091, 8096, 8118, 8123, 8140, 8161, 8172, 8180, 8222, 8243, 8280, 8281, 8333, 8384, 8443, 8500,
    8530, 8531, 8800, 8834, 8880, 8883, 8888, 8983, 9000, 9001, 9043, 9060, 9080, 9090, 9091, 9100, 9200, 9443, 9800,
    9981, 9999, 10000, 10443, 11371, 12443, 15672, 16080, 18091, 18092, 20000, 28017, 32400,
];

/// The usual ports of other services, with those of stores of data.
const USUAL: &[u16] = &[
    7, 9, 13, 19, 21, 22, 23, 25, 26, 37, 49, 53, 79, 102, 106, 110, 111, 113, 119, 135, 139, 143, 144, 161, 179, 199,
    264, 389, 427, 444, 445, 465, 502, 512, 513, 514, 515, 524, 540, 543, 544, 548, 554, 587, 623, 631, 636, 646, 666,
    705, 749, 771, 808, 853, 860, 873, 902, 903, 989, 990, 992, 993, 995, 1025, 1026, 1027, 1028, 1029, 1030, 1090,
    1098, 1099, 1110, 1128, 1158, 1194, 1234, 1352, 1414, 1433, 1434, 1521, 1604, 1720, 1723, 1755, 1800, 1801, 1863,
    1883, 1900, 2000, 2001, 2022, 2049, 2100, 2103, 2105, 2107, 2121, 2181, 2222, 2379, 2380, 2381, 2525, 2601, 2717,
    2967, 3050, 3260, 3268, 3269, 3299, 3300, 3306, 3307, 3310, 3389, 3632, 3690, 3986, 4369, 4444, 4662, 4786, 4899,
    5009, 5038, 5040, 5050, 5051, 5060, 5061, 5101, 5190, 5222, 5223, 5269, 5280, 5353, 5357, 5432, 5433, 5500, 5555,
    5631, 5666, 5672, 5900, 5901, 5902, 5903, 5938, 6000, 6001, 6066, 6082, 6112, 6123, 6379, 6380, 6514, 6646, 6667,
    6697, 7070, 7077, 7199, 7547, 7687, 7777, 8020, 8031, 8125, 8291, 8649, 8728, 9042, 9092, 9102, 9160, 9300, 9418,
    9595, 9929, 10050, 10051, 10250, 10255, 11211, 13306, 15432, 16379, 17500, 19000, 20880, 22222, 24800, 25565,
    26257, 26379, 27017, 27018, 27019, 28015, 31337, 33060, 34443, 37777, 44818, 47001, 47808, 49152, 49153, 49154,
    49155, 49156, 49157, 50000, 50030, 50070, 51106, 54321, 55553, 60000, 61613, 61616,
];

/// The ports of a scan, each once, in their order: those of the job, or those of its profile.
///
/// # Errors
/// What is wrong with the job's ports.
pub(crate) fn of(profile: Profile, text: &str) -> Result<Vec<u16>, String> {
    let mut ports = if text.trim().is_empty() { of_profile(profile) } else { parse(text)? };
    ports.sort_unstable();
    ports.dedup();
    Ok(ports)
}

fn of_profile(profile: Profile) -> Vec<u16> {
    match profile {
        Profile::Discovery => Vec::new(),
        Profile::Quick => [USUAL, TLS, WEB].concat(),
        Profile::Full => (1..=1024).chain([USUAL, TLS, WEB].concat()).collect(),
        Profile::Tls => TLS.to_vec(),
        Profile::Web => WEB.to_vec(),
        Profile::Pci => (1..=u16::MAX).collect(),
    }
}

/// Reads ports and ranges that are apart by commas or blanks, such as `1-1024, 6379`.
fn parse(text: &str) -> Result<Vec<u16>, String> {
    /// A list of single ports that names each of them is not longer.
    const MAX_BYTES: usize = 400_000;
    if text.len() > MAX_BYTES {
        return Err("The list of ports of the job is too long".to_owned());
    }
    let mut wanted = vec![false; usize::from(u16::MAX) + 1];
    let entries = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|entry| !entry.is_empty());
    for entry in entries {
        let (first, last) = entry.split_once('-').unwrap_or((entry, entry));
        let (first, last) = match (first.parse::<u16>(), last.parse::<u16>()) {
            (Ok(first), Ok(last)) if 0 < first && first <= last => (first, last),
            _ => {
                let entry: String = entry.chars().take(20).collect();
                return Err(format!("The ports of the job are not valid: {entry:?}"));
            }
        };
        if let Some(range) = wanted.get_mut(usize::from(first)..=usize::from(last)) {
            range.fill(true);
        }
    }
    Ok((1..=u16::MAX).filter(|port| wanted.get(usize::from(*port)) == Some(&true)).collect())
}

/// Writes ports, which are in their order, as [`parse`] reads them. A list that is too long is cut: what it does not
/// name counts as not tried.
pub(crate) fn ranges(ports: &[u16]) -> String {
    const MAX_BYTES: usize = 32 * 1024;
    let mut text = String::new();
    for range in ports.chunk_by(|port, next| port.checked_add(1) == Some(*next)) {
        let (Some(first), Some(last)) = (range.first(), range.last()) else { continue };
        let before = text.len();
        if before > 0 {
            text.push_str(", ");
        }
        let _ = if first == last { write!(text, "{first}") } else { write!(text, "{first}-{last}") };
        if text.len() > MAX_BYTES {
            text.truncate(before);
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ports_are_of_the_job_or_of_the_profile() {
        assert_eq!(of(Profile::Full, "8080, 1-3 2-4,6379"), Ok(vec![1, 2, 3, 4, 6379, 8080]));
        assert_eq!(of(Profile::Pci, "").map(|ports| ports.len()), Ok(65_535));
        assert_eq!(of(Profile::Discovery, " "), Ok(vec![]));
        for port in [6379, 27017, 11211, 9200, 5432, 3306, 1433, 2222, 2121, 8443] {
            assert!(of(Profile::Quick, "").unwrap().contains(&port), "{port}");
            assert!(of(Profile::Full, "").unwrap().contains(&port), "{port}");
        }
        for text in ["0", "3-1", "65536", "-oN", "1-", "T:80", "1;id"] {
            assert!(of(Profile::Full, text).is_err(), "{text}");
        }
    }

    #[test]
    fn ports_are_written_as_ranges() {
        assert_eq!(ranges(&[]), "");
        assert_eq!(ranges(&[1, 2, 3, 80, 65_534, 65_535]), "1-3, 80, 65534-65535");
        let odd: Vec<u16> = (1..u16::MAX).step_by(2).collect();
        let text = ranges(&odd);
        assert!(text.len() <= 32 * 1024 && odd.starts_with(&parse(&text).unwrap()), "{text}");
    }

    proptest! {
        #[test]
        fn ranges_are_read_as_they_were_written(ports in prop::collection::btree_set(1u16.., 0..200)) {
            let ports: Vec<u16> = ports.into_iter().collect();
            prop_assert_eq!(parse(&ranges(&ports)), Ok(ports));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9 ,-]{0,40}") {
            if let Ok(ports) = of(Profile::Web, &text) {
                prop_assert!(ports.is_sorted() && !ports.contains(&0));
            }
        }
    }
}
