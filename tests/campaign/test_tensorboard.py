"""TensorBoard's points of a run that was killed and went on."""

from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from chemmara.campaign.tensorboard import tensorboard_listener
from chemmara.records.run_folder import RunFolder
from chemmara.records.tally import Standing


def test_points_that_a_kill_left_beyond_the_saved_state_are_taken_back(tmp_path: Path) -> None:
    # Killed after 48 calls, saved at 32: the run goes on from 32 and comes to 40; the point at 48 is no longer true.
    for saved, calls in ((0, (16, 32, 48)), (32, (40,))):
        with tensorboard_listener(RunFolder(tmp_path), saved) as listen:
            for used in calls:
                listen(Standing(1, used, 100, used, 0, 0, float("nan"), 0.5))
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [event.step for event in events.Scalars("run/hits")] == [16, 32, 40]
    assert "run/best" not in events.Tags()["scalars"]  # NaN is no point
