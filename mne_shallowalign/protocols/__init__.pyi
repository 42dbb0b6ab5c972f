from ._calibrated import calibrate_results as calibrate_results
from ._estimate import Estimate as Estimate
from ._estimate import estimate as estimate
from ._minutes import first_minutes as first_minutes
from ._plan import Case as Case
from ._protocols import FewShotCalibration as FewShotCalibration
from ._protocols import IntraSubject as IntraSubject
from ._protocols import LeaveOneSubjectOut as LeaveOneSubjectOut
from ._protocols import Protocol as Protocol
from ._published import nod_recordings as nod_recordings
from ._published import things_eeg2_recordings as things_eeg2_recordings
from ._published import things_meg_recordings as things_meg_recordings
from ._recipe import Recipe as Recipe
from ._recordings import Recordings as Recordings
from ._results import read_arrays as read_arrays
from ._results import read_results as read_results
from ._simulated import simulated_recordings as simulated_recordings

__all__ = [
    "Case",
    "Estimate",
    "FewShotCalibration",
    "IntraSubject",
    "LeaveOneSubjectOut",
    "Protocol",
    "Recipe",
    "Recordings",
    "calibrate_results",
    "estimate",
    "first_minutes",
    "nod_recordings",
    "read_arrays",
    "read_results",
    "simulated_recordings",
    "things_eeg2_recordings",
    "things_meg_recordings",
]
