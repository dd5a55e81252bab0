"""How fast a recording goes out: read in ranges, opened and authenticated; beside a bare `get_object`."""

from pathlib import Path

from storage.playback import whole
from tests.bench import ground
from tests.bench.intake import MB, SIZE, pieces, put_bare, take_in
from tests.bench.measure import in_turn, rate, say_rates


def run(folder: Path) -> None:
    with ground.seaweed(folder) as seaweed, ground.installation(folder, seaweed.store(ground.BUCKET)) as at:
        item = whole(take_in(at, ground.add_centre(at)))
        put_bare(seaweed, b"".join(pieces()))
        client = seaweed.client()

        def read_ours() -> None:
            for _ in at.playback.read(item):
                pass

        def read_bare() -> None:
            answer = client.get_object(ground.BUCKET, "bare")
            for _ in answer.stream(MB):
                pass
            answer.close()
            answer.release_conn()

        ours, theirs = in_turn(read_ours, read_bare)
    name = "playback (ranged, opened)"
    say_rates(name, rate(SIZE / MB, ours), "bare get_object", rate(SIZE / MB, theirs), "MB/s")
