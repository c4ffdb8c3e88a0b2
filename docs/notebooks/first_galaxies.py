# %% [markdown]
# # First galaxies: from a folder of images to two compared networks
#
# Open this file as a notebook with Jupytext or VS Code, or run it:
# `uv run python docs/notebooks/first_galaxies.py`. It takes about three minutes on two cores and
# writes into the working folder: `first_galaxies/`, and MLflow's store `mlflow.db` and `mlruns/`.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

import galopt

# %% [markdown]
# ## A folder of images
#
# Yours needs images, one galaxy in the centre of each, and `votes.csv` with the columns `id`,
# `file`, perhaps `n_votes`, and one column per class. Nothing at hand? Then some are painted, and
# voted on, as CANDELS galaxies were.

# %%
GALAXIES = Path("first_galaxies/images")

if not GALAXIES.exists():
    words = "survey.simulate.galaxies=1200"
    simulated = galopt.load_dataset(
        "first_galaxies/simulated/dataset", galopt.load_config(overrides=words)
    )
    GALAXIES.mkdir()
    votes = simulated.catalog[["id", "n_votes", *simulated.targets]]
    for name in votes["id"]:
        stamp = Path(f"first_galaxies/simulated/stamps/{name}.jpg")
        (GALAXIES / stamp.name).write_bytes(stamp.read_bytes())
    votes.assign(file=votes["id"] + ".jpg").to_csv(GALAXIES / "votes.csv", index=False)

# %% [markdown]
# ## A dataset
#
# Galaxies are split before anything else: a test galaxy is never trained on.

# %%
survey = {
    "survey.source": "folder",
    "survey.folder.path": str(GALAXIES),
    "rescale.test": 0.25,
}
dataset = galopt.load_dataset("first_galaxies/dataset", galopt.load_config(overrides=survey))
print(dataset.info["counts"], dataset.targets)

# %%
shown = dataset.split("train")
figure, axes = plt.subplots(1, 6, figsize=(12, 2.4), layout="constrained")
for axis, stamp, fractions in zip(axes, shown.images, shown.fractions, strict=False):
    best = int(fractions.argmax())
    axis.imshow(stamp.squeeze(), cmap="gray")
    axis.set_title(f"{dataset.targets[best]} {fractions[best]:.2f}", fontsize=9)
    axis.axis("off")
figure.savefig("first_galaxies/stamps.png")

# %% [markdown]
# ## Two networks
#
# Each training is a run in MLflow, with its parameters, curves, figures, model and report.
# `uv run galopt ui` shows them. Twelve epochs are a first look, not a result.

# %%
runs = {}
for preset in ("ignat2016", "modern"):
    config = galopt.load_config(
        overrides=survey | {"network.preset": preset, "train.epochs": 12, "augment.repeats": 1}
    )
    runs[preset] = galopt.train(config, dataset)

metrics = pd.DataFrame({name: run.evaluation.metrics for name, run in runs.items()})
print(metrics.loc[["test_rmse", "test_rmse_constant"]].round(4))

# %% [markdown]
# Is the second really better? The bootstrap is paired by galaxy.

# %%
difference = galopt.compare(runs["ignat2016"].evaluation, runs["modern"].evaluation)
print(difference.sentence("ignat2016", "modern"))

# %% [markdown]
# ## What it predicts

# %%
table = runs["modern"].evaluation.table
figure, axes = plt.subplots(1, len(dataset.targets), figsize=(13, 2.9), layout="constrained")
for axis, target in zip(axes, dataset.targets, strict=True):
    axis.plot(table[f"voted_{target}"], table[f"predicted_{target}"], ".", alpha=0.4)
    axis.plot([0, 1], [0, 1], color="gray", lw=1)
    axis.set(title=target.replace("_", " "), xlabel="voted", xlim=(0, 1), ylim=(0, 1))
axes[0].set_ylabel("predicted")
figure.savefig("first_galaxies/predicted.png")

# %% [markdown]
# ## New galaxies
#
# A model takes paths, bytes or arrays; later, `galopt.open_model(RUN)` opens it again by its run.

# %%
new = sorted(GALAXIES.glob("*.jpg"))[:5]
print(runs["modern"].model.predict(new).round(2))
