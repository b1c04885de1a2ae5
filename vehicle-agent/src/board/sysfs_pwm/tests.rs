//! PWM on a folder that looks like sysfs.

use super::*;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use tempfile::TempDir;

/// A chip of two channels, the first of which is there already.
struct Scene(TempDir);

impl Scene {
    fn new() -> Self {
        let scene = Self(tempfile::tempdir().unwrap());
        let chip = scene.path("pwmchip3");
        fs::create_dir_all(scene.path("devices/3f20c000.pwm")).unwrap();
        fs::create_dir(&chip).unwrap();
        symlink("../devices/3f20c000.pwm", chip.join("device")).unwrap();
        fs::write(chip.join("npwm"), "2\n").unwrap();
        fs::write(chip.join("export"), "").unwrap();
        scene.channel(0, "0", "0", "0");
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn channel(&self, number: u32, period: &str, duty_cycle: &str, enable: &str) {
        let (folder, place) = (self.path("new"), self.path(&format!("pwmchip3/pwm{number}")));
        fs::create_dir(&folder).unwrap();
        for (file, text) in
            [("period", period), ("duty_cycle", duty_cycle), ("enable", enable), ("polarity", "normal")]
        {
            fs::write(folder.join(file), format!("{text}\n")).unwrap();
        }
        // The kernel shows them all at once.
        if place.exists() {
            fs::remove_dir_all(&place).unwrap();
        }
        fs::rename(folder, place).unwrap();
    }

    fn files(&self, number: u32) -> [String; 4] {
        ["period", "duty_cycle", "polarity", "enable"].map(|file| {
            fs::read_to_string(self.path(&format!("pwmchip3/pwm{number}/{file}"))).unwrap().trim().to_owned()
        })
    }

    fn open(&self, channel: &Channel) -> Result<SysfsPwm, BoardError> {
        SysfsPwm::open(self.0.path(), channel, "wiring.left.pwm (GPIO 12)", Duration::from_micros(50))
    }
}

fn channel(chip: &str, channel: u32) -> Channel {
    Channel { chip: chip.to_owned(), channel, inverted: false, gpio: None }
}

#[test]
fn a_channel_is_found_by_its_device_and_gives_no_pulse_until_it_is_told() {
    let scene = Scene::new();
    let mut pwm = scene.open(&channel("20c000.pwm", 0)).unwrap();
    assert_eq!(scene.files(0), ["50000", "0", "normal", "1"]);
    pwm.pulse(Duration::from_millis(20), Duration::from_micros(1_520)).unwrap();
    assert_eq!(scene.files(0), ["20000000", "1520000", "normal", "1"]);
    pwm.off().unwrap();
    assert_eq!(scene.files(0), ["20000000", "0", "normal", "1"]);
}

#[test]
fn pulses_that_somebody_left_running_end_when_the_channel_is_taken() {
    let scene = Scene::new();
    scene.channel(0, "900000", "400000", "1");
    scene.open(&channel("pwmchip3", 0)).unwrap();
    assert_eq!(scene.files(0), ["50000", "0", "normal", "1"]);
}

#[test]
fn an_inverted_channel_is_inverted_before_it_runs() {
    let scene = Scene::new();
    scene.open(&Channel { inverted: true, ..channel("pwmchip3", 0) }).unwrap();
    assert_eq!(scene.files(0), ["50000", "0", "inversed", "1"]);
}

#[test]
fn a_channel_that_is_not_there_yet_is_asked_for_and_waited_for() {
    let scene = Scene::new();
    let error = scene.open(&channel("pwmchip3", 1)).unwrap_err();
    assert_eq!(fs::read_to_string(scene.path("pwmchip3/export")).unwrap(), "1");
    assert!(error.to_string().starts_with("wiring.left.pwm (GPIO 12): No such file"), "{error}");
    std::thread::scope(|threads| {
        // As the kernel and udev do, some time later.
        threads.spawn(|| {
            sleep_until(monotonic().saturating_add(Duration::from_millis(50)));
            scene.channel(1, "0", "0", "0");
        });
        scene.open(&channel("pwmchip3", 1)).unwrap();
    });
    assert_eq!(scene.files(1), ["50000", "0", "normal", "1"]);
}

#[test]
fn what_is_not_there_is_told_with_what_there_is() {
    let scene = Scene::new();
    let said = |wanted: &Channel| scene.open(wanted).unwrap_err().to_string();
    let chip = said(&channel("48302200.pwm", 0));
    assert!(
        chip.contains(
            "there is no PWM chip 48302200.pwm (there is devices [], pwmchip3 [3f20c000.pwm]); enable it in"
        ),
        "{chip}"
    );
    let number = said(&channel("pwmchip3", 2));
    assert!(number.ends_with("pwmchip3 has 2 channels, from 0; choose another channel"), "{number}");
    fs::remove_file(scene.path("pwmchip3/export")).unwrap();
    assert!(said(&channel("pwmchip3", 1)).contains("export: No such file"));
    let none = SysfsPwm::open(&scene.path("nowhere"), &channel("pwmchip0", 0), "x", Duration::from_millis(1))
        .unwrap_err()
        .to_string();
    assert!(none.contains("nowhere: No such file") && none.contains("dtoverlay=pwm-2chan"), "{none}");
}

#[test]
fn a_file_that_may_not_be_written_names_itself_and_the_right_that_is_missing() {
    if rustix::process::geteuid().is_root() {
        // Root may write anything.
        return;
    }
    let scene = Scene::new();
    let file = scene.path("pwmchip3/pwm0/duty_cycle");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o444)).unwrap();
    assert!(scene.open(&channel("pwmchip3", 0)).unwrap_err().to_string().contains("group gpio"));
}

#[test]
fn anybody_can_silence_a_channel_that_runs_and_none_that_is_not_there_is_missed() {
    let scene = Scene::new();
    scene.channel(0, "20000000", "1500000", "1");
    let silence = |wanted| SysfsPwm::silence(scene.0.path(), &wanted, "guard");
    silence(channel("20c000.pwm", 0)).unwrap();
    assert_eq!(scene.files(0), ["20000000", "0", "normal", "1"]);
    silence(channel("20c000.pwm", 1)).unwrap();
    silence(channel("nothing", 0)).unwrap();
    scene.channel(0, "0", "0", "0");
    silence(channel("pwmchip3", 0)).unwrap();
}
