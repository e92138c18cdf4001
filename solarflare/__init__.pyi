from solarflare.api import InputError as InputError
from solarflare.api import Model as Model
from solarflare.api import load_model as load_model
from solarflare.api import metrics as metrics
from solarflare.api import predictions as predictions
from solarflare.api import run_profile as run_profile
