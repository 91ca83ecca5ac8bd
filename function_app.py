"""The function app: registers the blueprints; nothing else."""

import azure.functions as func

from adapters.functions import cutovers, history, http, leaving, plans, queues, timers

app = func.FunctionApp()
app.register_functions(timers.blueprint)
app.register_functions(queues.blueprint)
app.register_functions(http.blueprint)
app.register_functions(plans.blueprint)
app.register_functions(history.blueprint)
app.register_functions(cutovers.blueprint)
app.register_functions(leaving.blueprint)
