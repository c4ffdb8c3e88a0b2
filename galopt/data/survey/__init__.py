"""Where galaxies come from: a folder `survey/` with a votes table and a mosaic or files."""

from pathlib import Path

from galopt.config import Config
from galopt.files import atomic_folder


def make_survey(config: Config, folder: Path) -> None:
    """Make the survey that `survey.source` names.

    Parameters
    ----------
    config : Config
        Its `survey` section is used; of `stamps`, the field (to find the galaxies that a
        published mosaic shows).
    folder : path
        Replaced as a whole, and only on success. It then holds `survey.json` (source, name,
        targets, files downloaded), `votes.csv` (id, ra and dec in degrees or file,
        n_votes, one raw fraction per target), and for a mosaic `tiles/*.fits`.

    Raises
    ------
    ConfigError, DataError
        The source is not usable; see `galopt.data.survey.simulated.simulate`,
        `galopt.data.survey.candels.read` and `galopt.data.survey.folder`.
    """
    # Here, so that a survey of one kind does not load what the others need (GalSim, downloads).
    from galopt.data.survey.candels.read import read_candels
    from galopt.data.survey.folder import read_folder
    from galopt.data.survey.simulated.simulate import simulate

    with atomic_folder(folder) as temporary:
        if config.survey.source == "simulate":
            simulate(config.survey.simulate, temporary, config.work)
        elif config.survey.source == "candels":
            read_candels(config.survey.candels, config.stamps.field, temporary)
        else:
            read_folder(config.survey.folder, temporary)
