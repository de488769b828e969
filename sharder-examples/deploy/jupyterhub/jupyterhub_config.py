# A part of a jupyterhub_config.py: the sharder assigns each user's home directory to a file server
# permanently; the emptiest one takes each new user. Add the file servers once, with the same token:
#   curl -X PUT -H "Authorization: Bearer $SHARDER_API_TOKEN" $SHARDER_URL/api/v1/kinds/homedir/bins/nfs-1
# A user whose home directory has no place gets an error and no server, never an empty home; nor does one
# whose name would be another folder: '..' is the folder of all homes, and '.snapshot' may be the file server's.
import json
import os
from urllib.parse import quote

from tornado.httpclient import AsyncHTTPClient
from tornado.web import HTTPError

sharder = os.environ.get('SHARDER_URL', 'http://127.0.0.1:8888')
token = os.environ['SHARDER_API_TOKEN']
homes = os.environ.get('SHARDER_HOMES', '/srv/homes')


async def place_home(spawner):
    name = spawner.user.name
    if not name or name.startswith('.') or any(c in '/\\' or not c.isprintable() for c in name):
        raise HTTPError(403, f'user {name!r} can have no home directory of that name; ask for another user name')
    user = quote(name, safe='')
    url = f'{sharder}/api/v1/kinds/homedir/assignments/{user}'
    headers = {'Authorization': f'Bearer {token}'}
    answer = await AsyncHTTPClient().fetch(url, method='PUT', headers=headers, body='')
    server = json.loads(answer.body)['bin']
    # With KubeSpawner: spawner.volumes = [{'name': 'home', 'nfs': {'server': server, 'path': f'/{user}'}}]
    # With DockerSpawner: spawner.volumes = {f'{homes}/{server}/{user}': '/home/jovyan'}
    spawner.home_dir = f'{homes}/{server}/{user}'


c.Spawner.pre_spawn_hook = place_home
