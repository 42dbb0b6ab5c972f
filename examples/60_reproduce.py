"""
.. _reproduce-example:

The paper's tables and figures, simulated
=========================================

You learn how a table or figure of the paper is reproduced, and what each of them looks
like before there is any data. **Everything on this page is simulated**: two people
whose brains follow the third layer of ``"gabor/v1"``, and small untrained networks that
stand in for the vision models of the paper.
"""

# %%
# What there is
# -------------
# Each has a name, which the command ``mne-shallowalign reproduce`` takes as well.

import tempfile
from pathlib import Path

import mne

from mne_shallowalign.reproduce import (
    cost,
    list_exhibits,
    plan,
    reproduce,
    simulated_setting,
)

mne.set_log_level("WARNING")
list_exhibits()

# %%
# What it costs
# -------------
# A setting says with whom, with which vision models and by which rule. Its plan lists
# the fits before anything is fitted.

folder = tempfile.TemporaryDirectory()
root = Path(folder.name)
setting = simulated_setting(
    root / "data", subjects=["01", "02"], backbones=["vit-b-16", "internvit-6b"]
)
fits = plan("figure3", setting)
print(cost(fits, setting, seconds_per_fit=1))

# %%
# Concept against retrieval accuracy
# ----------------------------------
# Figure 3: a fit for each layer and person. What is kept in the folder is not fitted
# again, neither by this figure nor by another one that needs it.

figure3 = reproduce("figure3", setting, root / "out")
figure3.tables[""][["layer", "depth", "top1", "top1_low", "top1_high"]].round(2)

# %%
# Layers of several vision models, and what the best of them gains
# ----------------------------------------------------------------
# Figure 2. The best layer was found on training concepts, never by the score on the
# test set. With the paper's vision models a third panel shows whether larger ones are
# better.

figure2 = reproduce("figure2", setting, root / "out")

# %%
# Retrieved pictures
# ------------------
# Figure 4, with the best layer and with the final output of the model.

figure4 = reproduce("figure4", setting, root / "out")

# %%
# The shared space
# ----------------
# Figure 5: each line joins a recording with its picture.

figure5 = reproduce("figure5", setting, root / "out")

# %%
# A table
# -------
# Table 4. Published numbers stand beside simulated ones for orientation only; no
# difference is computed. With real recordings there is one.

table4 = reproduce("table4", setting, root / "out")
print(table4.note)
table4.tables[""].round(3)

# %%
# The files
# ---------
# Tables are CSV and HTML, figures PNG and PDF.

print(*sorted(path.name for path in table4.files + figure2.files), sep="\n")
folder.cleanup()
