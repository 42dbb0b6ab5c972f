from ._bids import load_bids as load_bids
from ._catalogue import list_datasets as list_datasets
from ._dataset import Dataset as Dataset
from ._fetch_things_eeg2 import fetch_things_eeg2 as fetch_things_eeg2
from ._fetch_things_eeg2 import fetch_things_eeg2_images as fetch_things_eeg2_images
from ._fetch_things_eeg2 import fetch_things_eeg2_metadata as fetch_things_eeg2_metadata
from ._nemar import fetch_nemar as fetch_nemar
from ._nod import fetch_nod_eeg as fetch_nod_eeg
from ._nod import fetch_nod_meg as fetch_nod_meg
from ._nod_epochs import load_nod_eeg as load_nod_eeg
from ._nod_epochs import load_nod_meg as load_nod_meg
from ._openneuro import fetch_openneuro as fetch_openneuro
from ._pictures import draw_pictures as draw_pictures
from ._remote import RemoteFile as RemoteFile
from ._simulate import simulate_bids as simulate_bids
from ._things_eeg2 import load_things_eeg2 as load_things_eeg2
from ._things_eeg2_bids import convert_things_eeg2 as convert_things_eeg2
from ._things_eeg2_raw import read_raw_things_eeg2 as read_raw_things_eeg2
from ._things_images import fetch_things_images as fetch_things_images
from ._things_meg import fetch_things_meg as fetch_things_meg
from ._things_meg import load_things_meg as load_things_meg
from ._things_tables import concept_categories as concept_categories
from ._things_tables import things_concepts as things_concepts
from ._things_tables import things_images as things_images

__all__ = [
    "Dataset",
    "RemoteFile",
    "concept_categories",
    "convert_things_eeg2",
    "draw_pictures",
    "fetch_nemar",
    "fetch_nod_eeg",
    "fetch_nod_meg",
    "fetch_openneuro",
    "fetch_things_eeg2",
    "fetch_things_eeg2_images",
    "fetch_things_eeg2_metadata",
    "fetch_things_images",
    "fetch_things_meg",
    "list_datasets",
    "load_bids",
    "load_nod_eeg",
    "load_nod_meg",
    "load_things_eeg2",
    "load_things_meg",
    "read_raw_things_eeg2",
    "simulate_bids",
    "things_concepts",
    "things_images",
]
