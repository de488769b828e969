# A hub to look at, and no more: whoever has the password is whoever they say, and all are one Unix user.
import os

c.JupyterHub.authenticator_class = "dummy"
# A name is a folder below home/: '.', '..' and whatever else leads elsewhere are no names.
c.Authenticator.username_pattern = r"[A-Za-z0-9][A-Za-z0-9._@+-]*\Z"
c.DummyAuthenticator.password = os.environ["DEMO_PASSWORD"]
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = os.path.join(os.getcwd(), "home/{username}")
