"""Answers for FITS: the same as for the browse image of the moment, or a sentence. The network is untrained."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from solarflare.core import params
from solarflare.core.tasks import Task
from solarflare.dataset.crops.cutter import Cutter
from solarflare.networks import calibration, description, hashes, saved_model
from solarflare.networks.architectures import build
from solarflare.networks.input_range import Ranges
from solarflare.predict import trained
from solarflare.predict.images import find_images
from solarflare.predict.predictor import Predictor
from solarflare.sun.images import brightness
from tests import field_files as files
from tests import parameters

TIME = pd.Timestamp("2017-03-01")
BROWSE = "20170301_000000_512_HMIB.jpg"
HEADER = files.place(files.HMI, files.DISK)


def write_browse(path: Path, contrast: float = 1.0) -> Path:
    """Write the drawn field as the browse image of HMI."""
    values = contrast * files.field()
    grey = np.where(np.isnan(values), 0, brightness.field_to_grey(np.nan_to_num(values)))
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(grey.astype(np.uint8)).save(path, quality=90)
    return path


@pytest.fixture
def predictor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Predictor:
    """A network for the disks of HMI; the working folder is empty."""
    monkeypatch.chdir(tmp_path)
    content = params.read_yaml(parameters.FIXED)
    content["instrument"]["disk"] = "hmi"
    content["crop"]["disk"]["img_width"] = 32
    chosen = parameters.parse(yaml.safe_load(yaml.safe_dump(content)))
    cut = Cutter(Task.DISK, "hmi", tmp_path, chosen.crop)
    crops = []
    for contrast in (0.7, 0.9, 1.0, 1.1, 1.3):
        path = write_browse(tmp_path / f"{contrast}" / BROWSE, contrast)
        crops.append(cut(pd.DataFrame({"path": [str(path)], "time": [TIME], "solar_radius": [970.0]}))[1])
    target = tmp_path / "models/disk"
    target.mkdir(parents=True)
    question = chosen.label.disk.model_dump(mode="json")
    cropped = chosen.crop.model_dump(include={"mask", "saturation", Task.DISK})
    about = description.ModelDescription("compact_pooled", (32, 32, 1), Task.DISK, "hmi", "archive", question, cropped)
    fitted = calibration.Calibration(calibration.Platt(1.0, 0.0), 0.5, 0.5)
    saved_model.save(target, build("compact_pooled", (32, 32, 1)), pd.DataFrame({"epoch": [1]}), fitted, about)
    Ranges.of(crops).write(target / description.RANGES)
    hashes.write(target)
    networks = trained.load(tmp_path / "models", chosen, (Task.DISK,), "models")
    return Predictor(networks, lambda time: None)


def test_fits_and_the_browse_image_of_a_moment_have_one_answer(predictor: Predictor, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    files.write(tmp_path / "new/my own.fits", files.field()[::-1, ::-1], files.half_turned(HEADER), compressed=True)
    write_browse(tmp_path / "new" / BROWSE)
    browse, fits = (predictor(image) for image in find_images([tmp_path / "new"]))
    assert (browse.refusal, fits.refusal) == ("", "")
    assert browse.disk is not None
    assert fits.disk == pytest.approx(browse.disk, abs=0.02)
    assert (fits.image.instrument, fits.image.time) == ("hmi", TIME)


def test_another_product_has_a_sentence_and_no_answer(predictor: Predictor, tmp_path: Path) -> None:
    path = files.write(tmp_path / "c.fits", files.field(), HEADER | {"CONTENT": "CONTINUUM INTENSITY"})
    answer = predictor(find_images([path])[0])
    assert answer.refusal == "it is a continuum image of hmi, not a magnetogram"
    assert answer.disk is None
    answer = predictor(find_images([path], "mdi", TIME.to_pydatetime())[0])
    assert answer.refusal == "it is of hmi by its header, and of mdi by its name or the option --instrument"
